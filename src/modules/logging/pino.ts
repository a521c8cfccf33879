import { pino, stdTimeFunctions, type Logger } from 'pino';
import { type LogDestination } from '../../common/logging/log-destination.js';
import { type Environment } from '../../common/config/environment.js';

export const PINO = Symbol('pino');

/** One line of JSON a message in production, readable ones in development; both to the standard output. */
export async function createPino(
  { NODE_ENV, LOG_LEVEL }: Environment,
  destination: LogDestination,
): Promise<Logger> {
  const options = {
    level: LOG_LEVEL,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
  };
  if (NODE_ENV !== 'development') return pino(options, destination);
  const { default: pretty } = await import('pino-pretty');
  return pino(options, pretty({ sync: true }));
}
