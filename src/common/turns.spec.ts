import { setImmediate } from 'node:timers';
import { describe, expect, it } from '@jest/globals';
import { inSlices } from './frame/slices.js';
import { turns } from './turns.js';

function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe('the turns of the event loop', () => {
  it('have time until anyone has used it up, and again in the next turn', async () => {
    await turns.next();
    expect(turns.hasTime).toBe(true);
    busy(11);
    expect(turns.hasTime).toBe(false);
    await turns.next();
    expect(turns.hasTime).toBe(true);
  });

  it('go to waiting work one by one, in order, and to no other work before it', async () => {
    const events: string[] = [];
    const wait = async (name: string) => {
      await turns.next();
      events.push(name);
    };
    const all = [wait('one'), wait('two'), wait('three')];
    expect(turns.hasTime).toBe(false);
    const others = ['first', 'second', 'third'];
    const other = () => {
      const name = others.shift();
      if (name === undefined) return;
      events.push(name);
      setImmediate(other);
    };
    setImmediate(other);
    await Promise.all(all);
    expect(events).toEqual(['one', 'first', 'two', 'second', 'three']);
  });

  it('go first to short work, and to several pieces of it in order', async () => {
    const events: string[] = [];
    await Promise.all([
      turns.next().then(() => events.push('one')),
      turns.next(true).then(() => events.push('first')),
      turns.next(true).then(() => events.push('second')),
    ]);
    expect(events).toEqual(['first', 'second', 'one']);
  });

  it('are not awaited by the slices of a short column', async () => {
    const events: string[] = [];
    const waiting = turns.next().then(() => events.push('one'));
    await inSlices(4, () => void events.push('short'));
    await waiting;
    expect(events).toEqual(['short', 'one']);
  });

  it('are shared by slices: long work gives others a turn, and short work takes none', async () => {
    const events: string[] = [];
    const other = () => void setImmediate(() => events.push('other'));
    other();
    await inSlices(131_073, (start) => {
      events.push(String(start));
      if (start === 65_536) busy(11);
    });
    expect(events).toEqual(['0', '65536', 'other', '131072']);
  });
});
