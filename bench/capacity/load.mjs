// Offers requests to a running service at given times, and reads from the kernel what they cost it.
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {object} Answered
 * @property {number} status
 * @property {number} seconds from when it was due to the last byte of the answer
 * @property {number} bytes of the answer, its head included
 */

/**
 * One request on a connection of its own, which is what node:cluster deals out.
 * @param {string} url
 * @param {Buffer} body
 * @param {number} [due] performance.now() at which it should have been sent
 * @returns {Promise<Answered>}
 */
export function send(url, body, due = performance.now()) {
  const { hostname, port } = new URL(url);
  const head = [
    ...['POST /method HTTP/1.1', `Host: ${hostname}`, 'Content-Type: application/json'],
    ...[`Content-Length: ${body.length}`, 'Connection: close', '', ''],
  ].join('\r\n');
  return new Promise((resolve, reject) => {
    let [bytes, status, tail] = [0, 0, ''];
    const socket = connect(Number(port), hostname)
      .on('error', reject)
      .on('data', (chunk) => {
        if (bytes === 0) status = Number(chunk.toString('latin1', 9, 12));
        bytes += chunk.length;
        tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 200))).slice(-200);
      })
      .on('end', () => {
        if (status === 200 && !tail.includes('"error":0')) reject(new Error(`a broken answer: …${tail}`));
        else resolve({ status, bytes, seconds: (performance.now() - due) / 1e3 });
      });
    socket.cork();
    socket.write(head);
    socket.write(body);
    socket.uncork();
  });
}

/**
 * An open loop: each request goes when it is due, whatever has become of those before.
 * @param {string} url
 * @param {Buffer} body
 * @param {readonly number[]} arrivals seconds from now
 * @returns {Promise<Answered[]>}
 */
export async function offer(url, body, arrivals) {
  const start = performance.now();
  const answers = [];
  for (const arrival of arrivals) {
    const due = start + 1e3 * arrival;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    const answer = send(url, body, due);
    answer.catch(() => undefined);
    answers.push(answer);
  }
  return Promise.all(answers);
}

/** A closed loop: so many clients, each with the next request as soon as it has the answer to the last. */
export async function saturate(url, body, clients, seconds) {
  const end = performance.now() + 1e3 * seconds;
  const answers = [];
  const client = async () => {
    while (performance.now() < end) answers.push(await send(url, body));
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answers;
}

/**
 * What the service's processes have had of the machine so far, in seconds; Linux only.
 * @typedef {object} Usage
 * @property {number} cpu of all threads of all processes
 * @property {number} loop of the event loops alone: the main threads of those that serve
 * @property {number} queued for how long these were ready to run and got no core
 * @property {number} at when this was read
 */

/** @param {number} pid of the service, whose children are its workers @returns {Usage} */
export function usageOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return usageOfAll(pid, children === '' ? [pid] : children.split(' ').map(Number));
}

/** The same of this process, which is the sender. @returns {Usage} */
export const ownUsage = () => usageOfAll(process.pid, [process.pid]);

function usageOfAll(pid, workers) {
  const threads = [...new Set([pid, ...workers])].flatMap((each) =>
    readdirSync(`/proc/${each}/task`).map((thread) => schedule(each, thread)),
  );
  const loops = workers.map((each) => schedule(each, each));
  return {
    cpu: sum(threads.map(([running]) => running)),
    loop: sum(loops.map(([running]) => running)),
    queued: sum(loops.map(([, queued]) => queued)),
    at: performance.now() / 1e3,
  };
}

/** @param {Usage} before @param {Usage} after @returns {Usage} */
export const difference = (before, after) =>
  Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]]));

/** Nanoseconds on a core and in the queue for one, as Documentation/scheduler/sched-stats.rst has it. */
function schedule(pid, thread) {
  try {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    return text
      .split(' ')
      .slice(0, 2)
      .map((nanoseconds) => Number(nanoseconds) / 1e9);
  } catch {
    return [0, 0]; // The thread has just ended.
  }
}

/** Core seconds that all processes of the machine have run so far, to 0.01 s; Linux only. */
export function machineSeconds() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]
    .split(/ +/)
    .slice(1)
    .map((ticks) => Number(ticks) / 100);
  return user + nice + system + irq + softirq + steal;
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Resident bytes of a process: VmRSS now, VmHWM at most so far; Linux only. */
export const residentBytes = (pid, field) =>
  1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
