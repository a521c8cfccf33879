import { plainToInstance, Transform } from 'class-transformer';
import { IsIn, IsInt, IsNotEmpty, IsString, Matches, Max, Min, validateSync } from 'class-validator';

export const NODE_ENVS = ['development', 'production', 'test'] as const;
const ERROR_HTTP_STATUSES = ['contract', 'http'] as const;
const MISSING_SAMPLES = ['null', 'NaN'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** A number in the decimal digits that a person would write; anything else stays text, for the rules to refuse. */
const toNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;

/** An integer within bounds. The rule's message is what a wrong value's line says is allowed. */
function Integer(min: number, max: number): PropertyDecorator {
  const message = `an integer from ${min} to ${max}`;
  return (target, property) => {
    for (const rule of [
      IsInt({ message }),
      Min(min, { message }),
      Max(max, { message }),
      Transform(toNumber),
    ])
      rule(target, property);
  };
}

function OneOf(values: readonly string[]): PropertyDecorator {
  return IsIn(values, { message: `one of ${values.join(', ')}` });
}

/** name:key, separated by commas; a key has no white space. */
export const KEYS = /^[\w.-]+:[^\s,]+(\s*,\s*[\w.-]+:[^\s,]+)*$/;

const ORIGINS = /^https?:\/\/[^\s,/]+(\s*,\s*https?:\/\/[^\s,/]+)*$/;

/** Text of a form, or nothing. */
function Optional(form: RegExp, message: string): PropertyDecorator {
  return Matches(new RegExp(`^$|${form.source}`), { message });
}

/** Variables whose values are never shown. */
export const SECRETS: ReadonlySet<string> = new Set(['API_KEYS']);

/**
 * The environment variables that the service knows, read once at the start. Defaults stand in config/*.env, what each
 * is for in docs/configuration.md.
 */
export class Environment {
  @OneOf(NODE_ENVS)
  readonly NODE_ENV!: (typeof NODE_ENVS)[number];

  @Integer(0, 65_535)
  readonly PORT!: number;

  @IsString({ message: 'an address or a host name' })
  @IsNotEmpty({ message: 'an address or a host name' })
  readonly HOST!: string;

  @Integer(1, 1_099_511_627_776)
  readonly MAX_BODY_BYTES!: number;

  @Integer(1, 1_099_511_627_776)
  readonly MAX_IN_FLIGHT_BYTES!: number;

  @Integer(1, 3_600_000)
  readonly REQUEST_TIMEOUT_MS!: number;

  @Integer(1, 3_600_000)
  readonly METHOD_TIMEOUT_MS!: number;

  @Integer(1, 256)
  readonly METHOD_THREADS!: number;

  @Integer(1, 86_400_000)
  readonly KEEP_ALIVE_TIMEOUT_MS!: number;

  @Integer(1, 3_600_000)
  readonly RESPONSE_TIMEOUT_MS!: number;

  @Integer(1, 1_000_000_000)
  readonly MIN_RESPONSE_BYTES_PER_SECOND!: number;

  @Integer(1, 256)
  readonly WEB_CONCURRENCY!: number;

  @OneOf(ERROR_HTTP_STATUSES)
  readonly ERROR_HTTP_STATUS!: (typeof ERROR_HTTP_STATUSES)[number];

  @OneOf(MISSING_SAMPLES)
  readonly MISSING_SAMPLES!: (typeof MISSING_SAMPLES)[number];

  @Optional(KEYS, 'name:key, separated by commas')
  readonly API_KEYS!: string;

  @IsString({ message: 'the path of a file' })
  readonly API_KEYS_FILE!: string;

  @Optional(ORIGINS, 'origins such as https://kasem.example.org, separated by commas')
  readonly CORS_ORIGINS!: string;

  @OneOf(['on', 'off'])
  readonly METRICS!: 'on' | 'off';

  @OneOf(['on', 'off'])
  readonly PLAYGROUND!: 'on' | 'off';

  @OneOf(LOG_LEVELS)
  readonly LOG_LEVEL!: (typeof LOG_LEVELS)[number];

  @Integer(0, 3_600_000)
  readonly SHUTDOWN_DELAY_MS!: number;

  @Integer(0, 3_600_000)
  readonly SHUTDOWN_GRACE_MS!: number;
}

/** The environment holds values that are not allowed; the message has one line for each of them. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** @throws EnvironmentError */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const environment = plainToInstance(Environment, variables);
  const faults = validateSync(environment, { whitelist: true });
  if (faults.length > 0) {
    const lines = faults.map(({ property, value, constraints = {} }) => {
      const shown = SECRETS.has(property) ? 'another value' : `"${String(value)}"`;
      return `${property}: expected ${Object.values(constraints)[0]}, got ${value === undefined ? 'nothing' : shown}`;
    });
    throw new EnvironmentError(lines.join('\n'));
  }
  return Object.freeze(environment);
}
