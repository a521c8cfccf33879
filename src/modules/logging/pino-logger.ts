import { Inject, Injectable, type LoggerService } from '@nestjs/common';
import { type Level, type Logger } from 'pino';
import { PINO } from './pino.js';

/** Contexts in which Nest logs each step of a start. Only debugging needs these lines: main.ts prints why a start fails. */
const START_CONTEXTS = ['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication'];

/** Nest's logger, by pino. */
@Injectable()
export class PinoLogger implements LoggerService {
  constructor(@Inject(PINO) private readonly pino: Logger) {}

  readonly fatal = this.at('fatal');
  readonly error = this.at('error');
  readonly warn = this.at('warn');
  readonly log = this.at('info');
  readonly debug = this.at('debug');
  readonly verbose = this.at('trace');

  /** A message is a string or an object of fields. Nest passes the context last. */
  private at(level: Level) {
    return (message: unknown, ...details: unknown[]): void => {
      const context = details.at(-1);
      const effective = START_CONTEXTS.includes(String(context)) ? 'debug' : level;
      if (typeof message === 'string') this.pino[effective]({ context }, message);
      else this.pino[effective]({ context, ...(message as object) });
    };
  }
}
