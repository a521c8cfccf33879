import { pino, type Logger } from 'pino';
import { type LogDestination } from '../../common/logging/log-destination.js';
import { type Environment } from '../../common/config/environment.js';

export const PINO = Symbol('pino');

/** Writes to the standard output: JSON lines, or readable ones in development. */
export async function createPino({ NODE_ENV, LOG_LEVEL }: Environment, destination: LogDestination): Promise<Logger> {
  const options = {
    level: LOG_LEVEL,
    timestamp: isoTime,
    formatters: { level: (level: string) => ({ level }) },
  };
  if (NODE_ENV !== 'development') return pino(options, destination);
  const { default: pretty } = await import('pino-pretty');
  return pino(options, pretty({ sync: true }));
}

let second = NaN;
let text = '';

/** Pino's own function formats the whole date for each line, which takes a quarter of the line's time. */
function isoTime(): string {
  const now = Date.now();
  const milliseconds = now % 1_000;
  if (now - milliseconds !== second) {
    second = now - milliseconds;
    text = new Date(second).toISOString().slice(0, -'000Z'.length);
  }
  return `,"time":"${text}${String(milliseconds).padStart(3, '0')}Z"`;
}
