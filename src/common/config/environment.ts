import { plainToInstance, Transform } from 'class-transformer';
import { IsIn, IsInt, IsNotEmpty, IsString, Matches, Max, Min, validateSync } from 'class-validator';

export const NODE_ENVS = ['development', 'production', 'test'] as const;
const ERROR_HTTP_STATUSES = ['contract', 'http'] as const;
const MISSING_SAMPLES = ['null', 'NaN'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Converts plain decimal digits to a number. Anything else stays a string, which the rules refuse. */
const toNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;

/** An integer within bounds. A rule's message completes "expected …" in the error text. */
function Integer(min: number, max: number): PropertyDecorator {
  const message = `an integer from ${min} to ${max}`;
  return (target, property) => {
    for (const rule of [IsInt({ message }), Min(min, { message }), Max(max, { message }), Transform(toNumber)])
      rule(target, property);
  };
}

function OneOf(values: readonly string[]): PropertyDecorator {
  return IsIn(values, { message: `one of ${values.join(', ')}` });
}

/** Pairs `name:key`, separated by commas. A key is ASCII, since clients encode other characters differently, without white space. */
export const KEYS = /^[\w.-]+:[!-+\--~]+(\s*,\s*[\w.-]+:[!-+\--~]+)*$/;

const ORIGINS = /^https?:\/\/[^\s,/]+(\s*,\s*https?:\/\/[^\s,/]+)*$/;

/** A string that matches the pattern, or an empty one. */
function Optional(form: RegExp, message: string): PropertyDecorator {
  return Matches(new RegExp(`^$|${form.source}`), { message });
}

/** Variables whose values are never shown. */
export const SECRETS: ReadonlySet<string> = new Set(['API_KEYS']);

/**
 * The environment variables of the service, read once at startup. Their defaults are in config/*.env, their descriptions in
 * docs/configuration.md.
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

  @Optional(KEYS, 'name:key in ASCII, separated by commas')
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

/** Some variables have wrong values. The message has one line for each. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The variables that each environment was read from. The settings of modules are read from them too. */
const SOURCES = new WeakMap<Environment, Variables>();

/** @throws EnvironmentError */
export function readEnvironment(variables: Variables): Environment {
  const environment = read(Environment, variables, (name) => !SECRETS.has(name));
  SOURCES.set(environment, variables);
  return environment;
}

/**
 * A provider for a module's own variables: a class with a rule for each, like `Environment`. If one is wrong, the service does
 * not listen. The error does not show its value, which may be secret.
 */
export const settingsProvider = <T extends object>(settings: new () => T) => ({
  provide: settings,
  inject: [Environment],
  useFactory: (environment: Environment): T => read(settings, SOURCES.get(environment) ?? {}, () => false),
});

function read<T extends object>(type: new () => T, variables: Variables, isShown: (name: string) => boolean): T {
  const result = plainToInstance(type, variables);
  const faults = validateSync(result, { whitelist: true });
  if (faults.length > 0) {
    const lines = faults.map(({ property, value, constraints = {} }) => {
      const shown = isShown(property) ? `"${String(value)}"` : 'another value';
      return `${property}: expected ${Object.values(constraints)[0]}, got ${value === undefined ? 'nothing' : shown}`;
    });
    throw new EnvironmentError(lines.join('\n'));
  }
  return Object.freeze(result);
}
