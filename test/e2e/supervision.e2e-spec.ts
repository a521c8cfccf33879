import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { bodyOf, call, eventually, metric, rawRequest, sampleRows } from '../support/http.js';
import { ROOT, runService, spawnService, type ServiceProcess } from '../support/service.js';

const small = bodyOf(sampleRows(4));
const FAULTY = 'test/fixtures/faulty-service.mjs';
const linux = process.platform === 'linux' ? it : it.skip;

const children = ({ child }: Pick<ServiceProcess, 'child'>) =>
  readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);
const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const get = (url: string, path: string) => call(url, { method: 'GET', path });
/** Triggers a fault and disconnects, because the fixture's route never responds. */
const fault = (url: string, kind: 'throw' | 'hang') =>
  void fetch(`${url}/fault/${kind}`, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
const isRight = async (url: string) => (await call(url, { body: small })).json.error === 0;

describe('of several processes', () => {
  linux('one with an uncaught exception takes no more connections, and finishes what it has', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '2', SHUTDOWN_GRACE_MS: '600000' }, FAULTY);
    await eventually(() => children(service).length === 2);
    // Enough for each worker to have a request in flight, so that the failing one must wait for it.
    const inFlight = Array.from({ length: 4 }, () => rawRequest(service.port, [`Content-Length: ${small.length}`]));
    for (const request of inFlight) request.send(small.slice(0, 10));
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_bytes')) > 0);
    await setTimeout(300);

    fault(service.url, 'throw');
    await eventually(() => service.output().includes('nobody catches this'));
    for (let i = 0; i < 50; i++) expect(await isRight(service.url)).toBe(true);
    // The replacement starts before the failing worker ends.
    await eventually(() => children(service).length === 3);
    for (const request of inFlight) {
      request.send(small.slice(10));
      expect(await request.received(/\}$/)).toContain('"error":0');
      request.close();
    }
    await eventually(() => children(service).length === 2);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  linux('one that hangs is killed and replaced, and the others take the work', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '2', LOG_LEVEL: 'info' }, FAULTY);
    await eventually(() => children(service).length === 2);
    const before = children(service);
    fault(service.url, 'hang');
    await eventually(() => !children(service).every((pid) => before.includes(pid)));
    expect(service.output()).toContain('killing a worker that hangs');
    await eventually(() => children(service).length === 2);
    for (let i = 0; i < 20; i++) expect(await isRight(service.url)).toBe(true);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  linux('none outlives the primary process, even if its event loop hangs', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '2' }, FAULTY);
    await eventually(() => children(service).length === 2);
    const workers = children(service);
    fault(service.url, 'hang');
    await setTimeout(500);
    service.child.kill('SIGKILL');
    await service.exited;
    await eventually(() => !workers.some(isRunning));
  });

  linux('the primary process survives scrapes while the workers drain', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '3', SHUTDOWN_GRACE_MS: '600000' });
    await eventually(() => children(service).length === 3);
    const upload = rawRequest(service.port, [`Content-Length: ${small.length}`]);
    upload.send(small.slice(0, 10));
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_bytes')) > 0);
    let isOver = false;
    const scrapers = Array.from({ length: 8 }, async () => {
      while (!isOver)
        await fetch(`${service.url}/metrics`)
          .then((r) => r.text())
          .catch(() => setTimeout(5));
    });
    service.child.kill('SIGTERM');
    await setTimeout(1_000);
    upload.send(small.slice(10));
    expect(await upload.received(/\}$/)).toContain('"error":0');
    expect(await service.exited).toBe(0);
    isOver = true;
    await Promise.all(scrapers);
  });
});

describe('the end of a process', () => {
  it('has the worst exit code, and still refuses requests, when a signal follows an exception', async () => {
    const service = await spawnService({ SHUTDOWN_DELAY_MS: '600000', SHUTDOWN_GRACE_MS: '600000' }, FAULTY);
    const upload = rawRequest(service.port, [`Content-Length: ${small.length}`]);
    upload.send(small.slice(0, 10));
    const idle = connect(service.port, '127.0.0.1');
    await once(idle, 'connect');
    fault(service.url, 'throw');
    await eventually(() => service.output().includes('nobody catches this'));
    service.child.kill('SIGTERM');
    await setTimeout(200);
    expect((await call(service.url, { body: small })).json.error).toBe(52);
    upload.send(small.slice(10));
    expect(await upload.received(/\}$/)).toContain('"error":0');
    expect(await service.exited).toBe(1);
    idle.destroy();
  });

  it('has the worst exit code when an exception follows a signal', async () => {
    const service = await spawnService({ SHUTDOWN_DELAY_MS: '600000' }, FAULTY);
    service.child.kill('SIGTERM');
    await eventually(async () => (await get(service.url, '/health/ready')).status === 503);
    fault(service.url, 'throw');
    expect(await service.exited).toBe(1);
  });

  it('responds to clients that keep sending over open connections instead of resetting them', async () => {
    const service = await spawnService();
    const head = `POST /method HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${small.length}\r\n\r\n`;
    const failures: string[] = [];
    const clients = Array.from({ length: 32 }, async () => {
      const socket = connect(service.port, '127.0.0.1').on('error', (error) => failures.push(error.message));
      await once(socket, 'connect');
      const closed = once(socket, 'close');
      for (;;) {
        let text = '';
        socket.write(head + small);
        while (!text.endsWith('}')) {
          const [piece] = (await Promise.race([once(socket, 'data'), closed])) as [unknown];
          if (!Buffer.isBuffer(piece) && !(piece instanceof Uint8Array)) return failures.push('closed');
          text += Buffer.from(piece).toString();
        }
        // A refusal has this header too.
        if (text.includes('Connection: close')) return undefined;
        await setTimeout(10);
      }
    });
    await setTimeout(300);
    service.child.kill('SIGTERM');
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(await service.exited).toBe(0);
  });
});

describe('the start of a process', () => {
  it('survives SIGHUP from the first moment on', async () => {
    const begins = `--import "data:text/javascript,process.stdout.write('it begins')"`;
    const service = runService({ PORT: '0', WEB_CONCURRENCY: '2', NODE_OPTIONS: begins });
    // While Node itself starts, which is slow on a busy machine, SIGHUP ends the process.
    await eventually(() => service.output().includes('it begins'));
    for (let i = 0; i < 20; i++) {
      await setTimeout(50);
      if (i > 0) service.child.kill('SIGHUP');
    }
    await eventually(() => service.output().includes('listening'));
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  linux('says in a line that it may not open enough files', async () => {
    const child = spawn('sh', ['-c', `ulimit -n 30; exec "${process.execPath}" dist/main.js`], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    // Newer versions of Node load files one by one, and need fewer open files.
    const closed = once(child, 'close');
    await eventually(() => child.exitCode !== null || output.includes('listening at'));
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      return;
    }
    await closed;
    expect([child.exitCode, output]).toEqual([
      1,
      'only 30 files may be open: allow at least 256 (ulimit -n, LimitNOFILE)\n',
    ]);
  });
});

describe('npm start', () => {
  linux('leaves no service behind when npm is told to end', async () => {
    const npm = spawn('npm', ['start'], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'test', PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    npm.stdout.on('data', (text) => (output += String(text)));
    await eventually(() => output.includes('listening at'));
    const [shell] = children({ child: npm }) as [number];
    const [service] = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').split(' ').map(Number);
    npm.kill('SIGTERM');
    await once(npm, 'exit');
    await eventually(() => !isRunning(service as number));
  });
});

/** A pipe whose reader never reads. */
function openPipe(): number {
  const path = join(mkdtempSync(join(tmpdir(), 'log-')), 'pipe');
  execFileSync('mkfifo', [path]);
  return openSync(path, 'r+');
}

describe('a log that cannot be written', () => {
  linux.each([
    ['a full disk', () => openSync('/dev/full', 'w'), 1],
    ['a socket that is not read', () => 'pipe' as const, 1],
    ['a pipe that is not read', openPipe, 1],
    ['a pipe that is not read by several processes', openPipe, 2],
  ])('%s only loses lines', async (_, openLog, processes) => {
    const log = openLog();
    const port = 20_000 + (process.pid % 20_000);
    const child = spawn(process.execPath, ['dist/main.js'], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        LOG_LEVEL: 'info',
        WEB_CONCURRENCY: String(processes),
      },
      stdio: ['ignore', log, 'inherit'],
    });
    const exited = once(child, 'exit');
    const url = `http://127.0.0.1:${port}`;
    await eventually(() => isRight(url).catch(() => false));
    const dropped = () => metric(url, 'kasem_log_lines_dropped_total');
    const longPath = `/${'x'.repeat(8_000)}`;
    await eventually(async () => {
      await Promise.all(Array.from({ length: 20 }, () => get(url, longPath)));
      return (await dropped()) > 0;
    });
    if (processes > 1) {
      // Another worker starts while the others write.
      process.kill(children({ child })[0] as number, 'SIGKILL');
      const busyUntil = Date.now() + 3_000;
      while (Date.now() < busyUntil)
        await fetch(url + longPath, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    }
    for (let i = 0; i < 20; i++) expect(await isRight(url)).toBe(true);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    if (typeof log === 'number') closeSync(log);
  });
});
