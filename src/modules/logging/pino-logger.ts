import { type LoggerService } from '@nestjs/common';
import { type Level, type Logger } from 'pino';

/** Parts of Nest that tell at each start what they set up; what fails there is thrown as well, and told by main. */
const SET_UP = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Gives what Nest and its parts log to pino, with the part's name as `context`. */
export class PinoLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  readonly fatal = this.at('fatal');
  readonly error = this.at('error');
  readonly warn = this.at('warn');
  readonly log = this.at('info');
  readonly debug = this.at('debug');
  readonly verbose = this.at('trace');

  /** Nest gives the context last. */
  private at(level: Level) {
    return (message: unknown, ...details: unknown[]): void => {
      const context = details.at(-1);
      const effective = SET_UP.has(String(context)) ? 'debug' : level;
      this.pino[effective]({ context }, typeof message === 'string' ? message : JSON.stringify(message));
    };
  }
}
