import { getPriority } from 'node:os';
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

  it('refuse a series that has been transferred before, and go on', async () => {
    const x = Float64Array.of(1, 2);
    const frame = new Frame(new Map(Object.entries({ date: Float64Array.of(5, 6), x })));
    threads.own(frame);
    await run('none', undefined, x);
    // As whenever a method asks for its signal.
    threads.own(frame);
    await expect(run('none', undefined, x)).rejects.toThrow('it was given to a thread before');
    const none = new Float64Array();
    threads.own(new Frame(new Map(Object.entries({ date: none, x: none }))));
    for (let i = 0; i < 2; i++) expect((await run('none', undefined, none)).out).toHaveLength(0);
  });

  it.each([
    ['throw', 'secret'],
    ['throw null', 'thrown without an Error: null'],
    ['give a function', 'what it gives has to be cloneable'],
  ])('tell what went wrong, for the fault: %s', async (fault, message) => {
    await expect(run(fault)).rejects.toThrow(message);
  });

  it('tell if a module has no function or does not exist', async () => {
    const { signal } = new AbortController();
    for (const [file, message] of [
      [new URL('data:text/javascript,'), 'data:text/javascript, has no function as its default export'],
      [new URL('./nothing.js', import.meta.url), /Cannot find module .*nothing\.js/],
    ] as const)
      await expect(threads.run(file, {} as never, { signal })).rejects.toThrow(message);
  });

  it('have a lower priority than the event loop, if the system has priorities of threads', async () => {
    const file = new URL('data:text/javascript,export { getPriority as default } from "node:os"');
    const priority = await threads.run<() => number>(file, 0 as never, new AbortController());
    expect(priority).toBe(getPriority() + (process.platform === 'linux' ? 10 : 0));
  });

  it('run waiting tasks in their order, without those that were aborted', async () => {
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
