import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { NODE_ENVS, readEnvironment } from './environment.js';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const defaults = { NODE_ENV: 'production', ...parseEnv(read('config/default.env')) };

/** The rows of the table in docs/configuration.md: variable, default, allowed. */
const documented = read('docs/configuration.md')
  .split('\n')
  .filter((line) => /^\| [A-Z]/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the environment', () => {
  it('is read from the defaults, frozen, with numbers as numbers', () => {
    const environment = readEnvironment(defaults);
    expect(Object.isFrozen(environment)).toBe(true);
    expect(environment).toMatchObject({
      PORT: 5000,
      HOST: '127.0.0.1',
      MAX_BODY_BYTES: 268_435_456,
      ERROR_HTTP_STATUS: 'contract',
    });
  });

  it('ignores variables without a rule', () => {
    expect(readEnvironment({ ...defaults, SECRET: 'x' })).not.toHaveProperty('SECRET');
  });

  it.each(['development', 'production', 'test'])('accepts config/%s.env', (name) => {
    expect(() =>
      readEnvironment({ ...defaults, ...parseEnv(read(`config/${name}.env`)), NODE_ENV: name }),
    ).not.toThrow();
  });

  it.each([
    ['PORT', ['-1', '65536', '5e3', '0x50', ' 80', '80.5', '']],
    ['HOST', ['']],
    ['MAX_BODY_BYTES', ['0', '1k', '1099511627777']],
    ['ERROR_HTTP_STATUS', ['HTTP', '']],
    ['LOG_LEVEL', ['verbose']],
    ['MAX_IN_FLIGHT_BYTES', ['0']],
    ['REQUEST_TIMEOUT_MS', ['0', '1m']],
    ['METHOD_TIMEOUT_MS', ['0', '1m']],
    ['METHOD_THREADS', ['0', '257']],
    ['KEEP_ALIVE_TIMEOUT_MS', ['0', '75s']],
    ['RESPONSE_TIMEOUT_MS', ['0']],
    ['MISSING_SAMPLES', ['nan', '']],
    ['MIN_RESPONSE_BYTES_PER_SECOND', ['0', '1M']],
    ['WEB_CONCURRENCY', ['0', 'auto']],
    ['CORS_ORIGINS', ['kasem.example.org', 'https://a.example, b', 'https://a.example/']],
    ['METRICS', ['yes']],
    ['PLAYGROUND', ['yes', '']],
    ['SHUTDOWN_DELAY_MS', ['-1', 'soon']],
    ['SHUTDOWN_GRACE_MS', ['3600001']],
    ['NODE_ENV', ['staging']],
  ])('refuses each wrong %s with its value and what is allowed', (name, values) => {
    const allowed = documented.find(([, variable]) => variable === name)?.[3];
    for (const value of values) {
      expect(() => readEnvironment({ ...defaults, [name]: value })).toThrow(
        `${name}: expected ${allowed}, got "${value}"`,
      );
    }
  });

  it.each(['alice', 'alice:', ':secret', 'alice:secret,', 'alice:se cret', 'alice:sécret'])(
    'refuses the wrong keys "%s" without showing them',
    (API_KEYS) => {
      expect(() => readEnvironment({ ...defaults, API_KEYS })).toThrow(
        /^API_KEYS: expected name:key in ASCII, separated by commas, got another value$/,
      );
    },
  );

  it('names each variable that is wrong or not set', () => {
    expect(() => readEnvironment({ ...defaults, PORT: 'x', HOST: undefined })).toThrow(
      'PORT: expected an integer from 0 to 65535, got "x"\nHOST: expected an address or a host name, got nothing',
    );
  });

  it('is documented variable by variable, with its default and what each NODE_ENV overrides', () => {
    const overrides = NODE_ENVS.map((name) => [name, parseEnv(read(`config/${name}.env`))] as const);
    const expected = Object.entries(readEnvironment(defaults)).map(([variable, value]) => {
      const others = overrides
        .filter(([, values]) => variable in values)
        .map(([name, values]) => `${name}: ${values[variable]}`);
      return [variable, others.length === 0 ? String(value) : `${value} (${others.join(', ')})`];
    });
    expect(documented.map(([, name, value]) => [name, value])).toEqual(expected);
  });
});
