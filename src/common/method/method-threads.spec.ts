import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type faulty from '../../../test/fixtures/threads/faulty.js';
import { type Environment } from '../config/environment.js';
import { Frame } from '../frame/frame.js';
import { MethodThreads } from './method-threads.js';

const FILE = new URL('../../../test/fixtures/threads/faulty.js', import.meta.url);

describe('the threads of methods', () => {
  let threads: MethodThreads;
  beforeEach(() => {
    threads = new MethodThreads({ METHOD_THREADS: 1 } as Environment);
  });
  afterEach(() => threads.onApplicationShutdown());

  const run = (fault: string, signal = new AbortController().signal, x = Float64Array.of(1, 2)) =>
    threads.run<typeof faulty>(FILE, { x, fault }, { signal });

  it('take over the series of a frame, and copy all else', async () => {
    const [date, x, own] = [Float64Array.of(5, 6), Float64Array.of(1, 2), Float64Array.of(3, 4)];
    threads.own(new Frame(new Map(Object.entries({ date, x }))));
    for (const column of [date, x, own]) expect((await run('none', undefined, column)).out).toHaveLength(2);
    expect([date.length, x.length, own.length]).toEqual([2, 0, 2]);
  });

  it('run what waits in its order, without what nobody waits for any more', async () => {
    const [hanging, leaving] = [new AbortController(), new AbortController()];
    const order: string[] = [];
    const hung = run('hang', hanging.signal);
    const left = run('none', leaving.signal);
    const waiting = ['first', 'second', 'third'].map((name) => run('none').then(() => order.push(name)));
    expect([threads.running, threads.queueLength]).toEqual([1, 4]);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(threads.queueLength).toBe(3);
    hanging.abort(new Error('too late'));
    await expect(hung).rejects.toThrow('too late');
    await Promise.all(waiting);
    expect(order).toEqual(['first', 'second', 'third']);
    expect([threads.running, threads.queueLength, threads.runs, threads.kills]).toEqual([0, 0, 4, 1]);
    await expect(run('none', leaving.signal)).rejects.toThrow('gone');
  });
});
