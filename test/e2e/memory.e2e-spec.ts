import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { bodyOf, call, sampleRows } from '../support/http.js';
import { spawnService, type ServiceProcess } from '../support/service.js';

const MEBIBYTE = 1 << 20;
const BROKEN = Number(process.env.BROKEN_REQUESTS ?? 2_000);
const BODY = Buffer.from(bodyOf(sampleRows(4_000)));

/** The resident memory of the process in bytes (Linux). */
const residentBytes = ({ child }: ServiceProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024;

const head = (length: number) =>
  `POST /method HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

/** The ways in which a request can fail. */
const BREAKS: readonly ((service: ServiceProcess) => Promise<unknown>)[] = [
  (service) =>
    abandoned(service.port, Buffer.concat([Buffer.from(head(BODY.length)), BODY.subarray(0, BODY.length / 2)])),
  (service) => abandoned(service.port, Buffer.concat([Buffer.from(head(BODY.length)), BODY])),
  (service) => call(service.url, { body: Buffer.concat([BODY.subarray(0, BODY.length / 2), Buffer.from(']'), BODY]) }),
  (service) => call(service.url, { body: BODY, headers: { 'Content-Encoding': 'gzip' } }),
];

/** Sends the bytes and disconnects without reading. */
async function abandoned(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write(bytes, resolve));
  socket.destroy();
}

async function breakRequests(service: ServiceProcess, count: number): Promise<void> {
  for (let i = 0; i < count; i += 8)
    await Promise.all(
      Array.from({ length: 8 }, (_, k) => (BREAKS[(i + k) % BREAKS.length] as (typeof BREAKS)[number])(service)),
    );
}

describe('the memory of the process', () => {
  const linux = process.platform === 'linux' ? it : it.skip;

  linux(
    `is free again after ${BROKEN} broken requests`,
    async () => {
      const service = await spawnService();
      await breakRequests(service, 1_000);
      // The heap grows in one or two steps and then stops. A leak grows each time.
      let grown = Infinity;
      for (let time = 0; time < 4 && grown >= 30 * MEBIBYTE; time++) {
        const before = residentBytes(service);
        await breakRequests(service, BROKEN);
        grown = residentBytes(service) - before;
      }
      expect((await call(service.url, { body: BODY })).json.error).toBe(0);
      service.child.kill();
      expect(grown).toBeLessThan(30 * MEBIBYTE);
    },
    600_000,
  );
});
