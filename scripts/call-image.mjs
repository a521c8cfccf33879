// What verify-image.sh asks of a container: node scripts/call-image.mjs WHAT PORT [CONTAINER]. Ends with 1 where it isn't answered right.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';

const [what, port, container] = process.argv.slice(2);
const SCALE = 25;
const ROWS = 1_000_000;

const calls = {
  async ready() {
    const { ok } = await fetch(`http://127.0.0.1:${port}/health/ready`);
    assert.ok(ok);
  },

  async sample() {
    const { scalar, error } = await call([readFileSync('test/fixtures/sample.request.json')]);
    assert.equal(error, 0);
    assert.deepEqual(scalar, JSON.parse(readFileSync('test/fixtures/sample.answer.json', 'utf8')).scalar);
  },

  async million() {
    const { body, sums } = million();
    checkSums(await call([body]), sums);
  },

  /** SIGTERM comes when half of the body is there; the rest follows. */
  async terminated() {
    const { body, sums } = million();
    const half = body.length / 2;
    const terminate = async () => {
      await setTimeout(500);
      execFileSync('docker', ['kill', '--signal', 'TERM', container], { stdio: 'ignore' });
      await setTimeout(1000);
    };
    checkSums(await call([body.subarray(0, half), body.subarray(half)], terminate), sums);
  },
};

/** Sends the pieces of a body, waiting between them; the answer's JSON. */
function call(pieces, between = () => undefined) {
  return new Promise((settle, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': pieces.reduce((sum, piece) => sum + piece.length, 0),
    };
    const outgoing = request({ host: '127.0.0.1', port, path: '/method', method: 'POST', headers });
    outgoing.on('error', reject).on('response', (incoming) => {
      const answer = [];
      incoming.on('error', reject).on('data', (piece) => answer.push(piece));
      incoming.on('end', () => settle(JSON.parse(Buffer.concat(answer).toString())));
    });
    send(outgoing, pieces, between).catch(reject);
  });
}

async function send(outgoing, [first, ...rest], between) {
  outgoing.write(first);
  for (const piece of rest) {
    await between();
    outgoing.write(piece);
  }
  outgoing.end();
}

/** A body of a million rows with samples of all digits (a 32-bit linear congruence), and their sums. */
function million() {
  let state = 1;
  const sample = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * 1000;
  const rows = Array.from({ length: ROWS }, (_, row) => [1420066800 + row, sample(), sample()]);
  const body = { param: { scale: SCALE }, scalar: { headers: ['date', 'e1_ts', 'e2_ts'], data: rows } };
  return {
    body: Buffer.from(JSON.stringify(body)),
    sums: rows.map(([date, e1, e2]) => [date, SCALE * (e1 + e2)]),
  };
}

/** Each row to the last bit. */
function checkSums({ error, log, scalar }, sums) {
  assert.equal(error, 0, log);
  assert.deepEqual(scalar.headers, ['date', 'sum_ts']);
  assert.equal(scalar.data.length, sums.length);
  for (const [row, [date, sum]] of sums.entries())
    assert.ok(Object.is(scalar.data[row][0], date) && Object.is(scalar.data[row][1], sum), `row ${row}`);
}

try {
  await calls[what]();
} catch (error) {
  process.stderr.write(`${what}: ${error.message}\n`);
  process.exitCode = 1;
}
