import { Inject, Injectable, type LoggerService } from '@nestjs/common';
import { type Level, type Logger } from 'pino';
import { PINO } from './pino.js';

/** Parts of Nest that log each step of a start. Their lines are for debugging only: main logs what fails. */
const SET_UP = ['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication'];

/** Gives what Nest and its parts log to pino, with the part's name as `context`. */
@Injectable()
export class PinoLogger implements LoggerService {
  constructor(@Inject(PINO) private readonly pino: Logger) {}

  readonly fatal = this.at('fatal');
  readonly error = this.at('error');
  readonly warn = this.at('warn');
  readonly log = this.at('info');
  readonly debug = this.at('debug');
  readonly verbose = this.at('trace');

  /** A message is a string or fields. Nest gives the context last. */
  private at(level: Level) {
    return (message: unknown, ...details: unknown[]): void => {
      const context = details.at(-1);
      const effective = SET_UP.includes(String(context)) ? 'debug' : level;
      if (typeof message === 'string') this.pino[effective]({ context }, message);
      else this.pino[effective]({ context, ...(message as object) });
    };
  }
}
