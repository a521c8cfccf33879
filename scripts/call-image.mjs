// What verify-image.sh asks of a container: node scripts/call-image.mjs WHAT PORT [CONTAINER]. Exits with 1 if the response is wrong.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { digestOfValues, writeBody } from '../bench/bodies.mjs';

const [what, port, container] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}`;

const calls = {
  async ready() {
    assert.ok((await fetch(`${url}/health/ready`)).ok);
  },

  async sample() {
    const { scalar } = JSON.parse(await post(readFileSync('test/fixtures/sample.request.json')));
    assert.deepEqual(scalar, JSON.parse(readFileSync('test/fixtures/sample.response.json', 'utf8')).scalar);
  },

  async million() {
    const { body, sha256 } = await million();
    assert.equal(digestOfValues(await post(body)), sha256);
  },

  /** SIGTERM arrives after half of the body; the rest follows. */
  async terminated() {
    const { body, sha256 } = await million();
    async function* halves() {
      yield body.subarray(0, body.length / 2);
      await setTimeout(500);
      execFileSync('docker', ['kill', '--signal', 'TERM', container], { stdio: 'ignore' });
      await setTimeout(1000);
      yield body.subarray(body.length / 2);
    }
    assert.equal(digestOfValues(await post(ReadableStream.from(halves()), body.length)), sha256);
  },
};

/** @returns {Promise<string>} the text of a response without error */
async function post(body, length = body.length) {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(length) };
  const response = await fetch(`${url}/method`, { method: 'POST', headers, body, duplex: 'half' });
  const text = await response.text();
  assert.ok(text.includes('"error":0'), text.slice(0, 200));
  return text;
}

async function million() {
  const directory = mkdtempSync(join(tmpdir(), 'kasem-image-'));
  try {
    const path = join(directory, 'body.json');
    const { sha256 } = await writeBody(path, 1_000_000);
    return { body: readFileSync(path), sha256 };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

try {
  await calls[what]();
} catch (error) {
  process.stderr.write(`${what}: ${error.message}\n`);
  process.exitCode = 1;
}
