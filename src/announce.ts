import { readFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { parseEnv } from 'node:util';
import { type Logger } from 'pino';
import { kernel } from './common/frame/kernel/kernel.js';
import { SECRETS, type Environment } from './common/config/environment.js';
import { type ExampleCall } from './common/method/methods.js';
import { VERSION } from './version.js';

/** Says that the service listens: to a person with what to try, to a log in one line. Adds warnings. */
export function announce(
  { address, family, port }: AddressInfo,
  environment: Environment,
  log: Logger,
  example?: ExampleCall,
): void {
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  const settings = changedSettings(environment);
  const warnings = [...warningsOf(environment)];
  if (process.stdout.isTTY || environment.NODE_ENV !== 'production')
    process.stdout.write(`${welcome(url, settings, warnings, environment, example)}\n`);
  else
    log[warnings.length === 0 ? 'info' : 'warn'](
      {
        url,
        version: VERSION,
        node: process.version,
        settings,
        ...(warnings.length > 0 && { warnings }),
      },
      `listening at ${url}`,
    );
}

function welcome(
  url: string,
  settings: Record<string, string>,
  warnings: readonly string[],
  { API_KEYS, API_KEYS_FILE, METRICS, PLAYGROUND }: Environment,
  example?: ExampleCall,
): string {
  // Clients can't call the wildcard address.
  const open = url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  const key = API_KEYS + API_KEYS_FILE === '' ? '' : " -H 'Authorization: Bearer <key>'";
  const changed = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return [
    `kasem-time-series ${VERSION} is listening at ${url}`,
    ...(PLAYGROUND === 'on' ? [`  playground  ${open}/`] : []),
    `  docs        ${open}/docs`,
    `  health      ${open}/health`,
    ...(METRICS === 'on' ? [`  metrics     ${open}/metrics`] : []),
    `  settings    ${changed.length === 0 ? 'the defaults' : changed.join(' ')}`,
    ...warnings.map((warning) => `  warning     ${warning}`),
    ...(example === undefined
      ? []
      : [
          `  try         curl -s ${open}${example.path} -H 'Content-Type: application/json'${key} -d ${quoted(example.body)}`,
        ]),
  ].join('\n');
}

/** Quoted for a shell. */
const quoted = (body: object): string => `'${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`;

/** The settings that differ from the files in config/. Secrets are not shown. */
function changedSettings(environment: Environment): Record<string, string> {
  const defaults = Object.assign(
    { NODE_ENV: environment.NODE_ENV },
    ...['default', environment.NODE_ENV].map((name) =>
      parseEnv(readFileSync(new URL(`../config/${name}.env`, import.meta.url), 'utf8')),
    ),
  ) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([name, value]) => String(value) !== defaults[name])
      .map(([name, value]) => [name, SECRETS.has(name) ? '(set)' : String(value)]),
  );
}

function* warningsOf(environment: Environment): Generator<string> {
  const { NODE_ENV, API_KEYS, API_KEYS_FILE, MAX_BODY_BYTES, MAX_IN_FLIGHT_BYTES } = environment;
  if (NODE_ENV === 'production' && API_KEYS === '' && API_KEYS_FILE === '')
    yield 'no keys are configured: everybody who reaches the port may call; see API_KEYS';
  if (MAX_IN_FLIGHT_BYTES < MAX_BODY_BYTES)
    yield 'MAX_IN_FLIGHT_BYTES is less than MAX_BODY_BYTES: a body between them is never taken';
  if (kernel === undefined) yield 'WebAssembly SIMD is missing: bodies are read by the plain, slower decoder';
}
