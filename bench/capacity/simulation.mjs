// A queueing simulation of processes that serve bodies, a turn at a time as their event loops do. Pure.

/**
 * @typedef {object} Model
 * @property {number} processes
 * @property {number} cores that they share
 * @property {number} threads cores that a process would keep busy while its event loop works, with V8's helpers and its client
 * @property {'round-robin' | 'random' | 'least-connections'} balance round robin as node:cluster and most proxies do it,
 * random as a Kubernetes Service does
 * @property {number} serviceSeconds of the event loop for one request, in the mean, of a process that is at work
 * @property {number} aloneSeconds the same for a request that finds the process idle: its caches are cold, its core asleep
 * @property {number} variation standard deviation of those seconds over their mean
 * @property {number} turnSeconds after which another request of the process has its turn
 * @property {number} bodyBytes of a request, against the budget
 * @property {number} budgetBytes MAX_IN_FLIGHT_BYTES of a process; what would pass it is shed
 * @property {number} receiveSeconds from the header to the last byte of the body, by the client's line
 * @property {number} sendSeconds from the first to the last byte of the answer, by the client's line
 * @property {number} delaySeconds that a request takes beside the event loop: connection, client, transport
 */

/**
 * @typedef {object} Outcome
 * @property {number} seconds from the first arrival to the last answer
 * @property {number} utilisation the share of the time in which a process works, in the mean
 * @property {number[]} latencies seconds of each request that was answered, after the warm-up, in no order
 * @property {number} shed the share of requests that were refused
 * @property {number} alone the share of those answered that found their process idle
 * @property {number} crowded the share of the others that were at work as well, in the mean of the time in which a process works;
 * 0 where there are cores for all
 * @property {number} peakBytes the most that has been in flight in one process
 */

/**
 * Serves requests that come at given times.
 * @param {readonly number[]} arrivals seconds, ascending
 * @param {Model} model
 * @param {{random?: () => number, warmUp?: number}} [options] `warmUp` is the share of requests, at the beginning, whose latency does not
 * count
 * @returns {Outcome}
 */
export function simulate(arrivals, model, { random = generator(1), warmUp = 0 } = {}) {
  const processes = Array.from({ length: model.processes }, () => new Process(model));
  // Where there are cores for all, none needs to know of the others.
  const isFree = model.processes * model.threads <= model.cores;
  const choose = CHOICES[model.balance](processes, random);
  const latencies = [];
  const counted = Math.floor(warmUp * arrivals.length);
  let [shed, alone] = [0, 0];

  arrivals.forEach((arrival, i) => {
    if (!isFree) advanceTogether(processes, arrival, model);
    const process = choose(arrival);
    process.advance(arrival);
    const { isIdle } = process;
    const seconds = isIdle ? model.aloneSeconds : model.serviceSeconds;
    const isTaken = process.take({
      arrival,
      left: seconds * variate(model.variation, random),
      answered: (latency) => i >= counted && latencies.push(latency),
    });
    if (!isTaken) shed++;
    else if (isIdle) alone++;
  });
  if (!isFree) advanceTogether(processes, Infinity, model);
  for (const process of processes) process.advance(Infinity);

  const seconds = Math.max(...processes.map(({ clock }) => clock)) - (arrivals[0] ?? 0);
  const busy = processes.reduce((sum, process) => sum + process.busy, 0);
  const crowded = processes.reduce((sum, process) => sum + process.crowded, 0);
  return {
    seconds,
    utilisation: busy / (seconds * processes.length),
    latencies,
    shed: shed / arrivals.length,
    alone: alone / (arrivals.length - shed),
    crowded: crowded / busy,
    peakBytes: Math.max(...processes.map(({ peakBytes }) => peakBytes)),
  };
}

/** Turn by turn in the order of time; the more work at once, the longer each turn takes. */
function advanceTogether(processes, now, { threads, cores }) {
  for (;;) {
    const first = processes.reduce((least, process) => (process.next < least.next ? process : least));
    const start = first.next;
    if (!(start < now)) return;
    const working = processes.filter(({ next, clock }) => next <= start || clock > start).length;
    first.step(Math.max(1, (working * threads) / cores), (working - 1) / (processes.length - 1 || 1));
  }
}

const CHOICES = {
  'round-robin': (processes) => {
    let next = 0;
    return () => processes[next++ % processes.length];
  },
  random: (processes, random) => () => processes[Math.floor(random() * processes.length)],
  'least-connections': (processes) => (now) => {
    for (const process of processes) process.advance(now);
    return processes.reduce((least, process) => (process.open < least.open ? process : least));
  },
};

/** One event loop: those whose bodies are here work in turns, and a body counts until its answer has been sent. */
class Process {
  clock = 0;
  busy = 0;
  crowded = 0;
  open = 0;
  peakBytes = 0;
  isIdle = true;
  receiving = [];
  turns = [];
  sending = [];

  constructor(model) {
    this.model = model;
  }

  /** @returns whether the budget takes another body */
  take(request) {
    const { bodyBytes, budgetBytes, receiveSeconds } = this.model;
    const bytes = (this.open + 1) * bodyBytes;
    if (bytes > budgetBytes) return false;
    this.open++;
    this.peakBytes = Math.max(this.peakBytes, bytes);
    this.receiving.push({ ...request, ready: request.arrival + receiveSeconds });
    return true;
  }

  /** When its next turn begins. */
  get next() {
    return this.turns.length > 0 ? this.clock : Math.max(this.clock, this.receiving[0]?.ready ?? Infinity);
  }

  /** Works until a time, with a core of its own; a turn that has begun is ended. */
  advance(now) {
    while (this.next < now) this.step(1);
    while (this.sending.length > 0 && this.sending[0] <= now) {
      this.sending.shift();
      this.open--;
    }
    this.isIdle = this.clock <= now && this.receiving.length === 0;
  }

  /** One turn, so many times as long as on a core of its own, while such a share of the others is at work. */
  step(slowdown, crowd = 0) {
    const { turnSeconds, sendSeconds, delaySeconds } = this.model;
    this.clock = this.next;
    this.receive();
    const request = this.turns.shift();
    const seconds = Math.min(turnSeconds, request.left);
    this.clock += slowdown * seconds;
    this.busy += slowdown * seconds;
    this.crowded += crowd * slowdown * seconds;
    request.left -= seconds;
    // Who came meanwhile is before one that has had a turn.
    this.receive();
    if (request.left > 0) return this.turns.push(request);
    this.sending.push(this.clock + sendSeconds);
    request.answered(this.clock + sendSeconds + delaySeconds - request.arrival);
  }

  receive() {
    while (this.receiving.length > 0 && this.receiving[0].ready <= this.clock)
      this.turns.push(this.receiving.shift());
  }
}

/** Times at which independent senders send: a Poisson process. */
export function poissonArrivals(count, rate, random) {
  let time = 0;
  return Array.from({ length: count }, () => (time -= Math.log(1 - random()) / rate));
}

/**
 * Times at which sensors send that keep to a clock: each at its own moment, the same in every period, within the first
 * `spread` seconds of it.
 */
export function scheduledArrivals(sensors, period, spread, periods, random) {
  const phases = Array.from({ length: sensors }, () => spread * random()).sort((a, b) => a - b);
  return Array.from({ length: periods }, (_, turn) => phases.map((phase) => turn * period + phase)).flat();
}

/** A factor around 1, log-normal, with a given standard deviation. */
function variate(deviation, random) {
  if (deviation === 0) return 1;
  const sigma2 = Math.log(1 + deviation ** 2);
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(Math.sqrt(sigma2) * normal - sigma2 / 2);
}

/** Uniform numbers in [0, 1), the same for the same seed: Tommy Ettinger's Mulberry32. */
export function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
