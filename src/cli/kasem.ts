#!/usr/bin/env node
// Stays executable: this file was the command before bin/kasem.js, and npx never renews its link to it.
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../version.js';
import { callWithBody, type CallOptions } from './call.js';
import { includes, LEVELS, loadCases, SUM, type Case, type Level } from './cases.js';
import { checkCase, type CheckOptions, type Finding } from './check.js';
import { describedMethods } from './described-methods.js';
import { NoResponseError } from './http-call.js';
import { casesOf } from './method-cases.js';
import { line, report, summary } from './report.js';
import { print, progress } from './terminal.js';

const DEFAULT_URL = 'http://127.0.0.1:5000/method';

/** The check gives up if this many cases get no response at all: the others would take hours. */
const PATIENCE = 5;

/** The endpoint is unreachable, or the command line is wrong. 1 stands for a wrong response. */
const EXIT_UNABLE = 2;

const OTHER_METHOD =
  'warning: the endpoint does not return the sum of two series for the recorded sample; for another method, give cases of your own with --cases <folder>';

const program = new Command('kasem')
  .description('Tools for algorithm endpoints behind KASEM')
  .version(VERSION)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_UNABLE));

const timeout = () => new Option('--timeout <ms>', 'how long to wait for a response').argParser(positive);
const header = () =>
  new Option('-H, --header <name: value>', 'send a header, such as a key; can be repeated')
    .argParser(toHeader)
    .default({});

program
  .command('check')
  .description('check an endpoint against the contract')
  .argument(
    '<url>',
    'the URL of a method, such as http://127.0.0.1:5000/method, or of a service, to check all its methods',
    toUrl,
  )
  .addOption(
    new Option('--level <level>', 'the level to check; each level includes the ones before it')
      .choices(LEVELS)
      .default('robust'),
  )
  .option('--cases <folder>', 'your own cases in YAML; see docs/conformance.md')
  .option('--only <text>', 'run only the cases whose name contains the text')
  .addOption(
    new Option('--error-http-status <setting>', 'which HTTP status managed errors must have')
      .choices(['contract', 'http', 'either'])
      .default('either'),
  )
  .addOption(timeout().default(10_000))
  .addOption(header())
  .option('--json', 'print the findings as JSON')
  .action(check);

program
  .command('call')
  .description('send recorded bodies and show the responses')
  .argument('<bodies...>', `files, - for the standard input; a URL among them is the endpoint (default ${DEFAULT_URL})`)
  .option('--expect <file>', 'a recorded response to compare with')
  .addOption(
    new Option('--tolerance <x>', 'the largest relative difference to accept').argParser(notNegative).default(0),
  )
  .addOption(new Option('--out <file>', 'write the response to a file, byte for byte').argParser(toFile))
  .addOption(timeout().default(120_000))
  .addOption(header())
  .action(call);

program.command('serve').description('run the service; environment variables configure it').action(serve);

interface CheckFlags extends Omit<CheckOptions, 'url'> {
  readonly level: Level;
  readonly cases?: string;
  readonly only?: string;
  readonly json?: boolean;
}

async function check(url: URL, flags: CheckFlags): Promise<void> {
  let all: Sent[];
  try {
    all = flags.cases === undefined ? await casesAt(url, flags) : sent(loadCases(flags.cases), url);
  } catch (error) {
    return unable(reason(error as NodeJS.ErrnoException, '--cases'));
  }
  const cases = all.filter(
    ({ one: { name, level } }) => includes(flags.level, level) && name.includes(flags.only ?? ''),
  );
  if (cases.length === 0)
    return unable(
      `no case of level ${flags.level}${flags.only === undefined ? '' : `, whose name contains ${flags.only},`} is in ${flags.cases ?? 'the contract'}`,
    );
  const findings: Finding[] = [];
  for (const [i, { one, at }] of cases.entries()) {
    progress(`${i + 1}/${cases.length} ${one.name}`);
    const finding = await checkCase(one, { ...flags, url: at });
    progress('');
    if (finding.isUnreachable && findings.every(({ isUnreachable }) => isUnreachable))
      return unable(`${url.href}: ${finding.faults[0]}`);
    findings.push(finding);
    if (flags.json !== true) print(line(finding));
    if (flags.cases === undefined && one === all[0]?.one && finding.rowsHold === false) note(OTHER_METHOD);
    if (findings.length === PATIENCE && findings.every(({ response }) => response === undefined)) {
      note(`no response to the first ${PATIENCE} of ${cases.length} cases; given up`);
      break;
    }
  }
  print(flags.json === true ? JSON.stringify(report(url, findings), null, 2) : summary(findings));
  process.exitCode = findings.every(({ faults }) => faults.length === 0) ? 0 : 1;
}

/** A case, and the URL of the method that it is sent to. */
interface Sent {
  readonly one: Case;
  readonly at: URL;
}

const sent = (cases: readonly Case[], at: URL, prefix = ''): Sent[] =>
  cases.map((one) => ({ one: { ...one, name: prefix + one.name }, at }));

/** The contract's cases for the sum and for an endpoint without a description; for other methods, cases made from theirs. */
async function casesAt(url: URL, flags: CheckFlags): Promise<Sent[]> {
  const contract = loadCases();
  const methods = await describedMethods(url, flags);
  if (methods?.length === 0) note(`the service at ${url.origin} describes other methods, and none at ${url.pathname}`);
  if (methods === undefined || methods.length === 0) return sent(contract, url);
  return methods.flatMap((method) => {
    const { pathname } = method.url;
    const prefix = methods.length === 1 ? '' : `${pathname}: `;
    if (isDeepStrictEqual([method.inputs, method.outputs], [SUM.inputs, SUM.outputs]))
      return sent(contract, method.url, prefix);
    const cases = casesOf(method);
    note(
      `${pathname} is not the sum of two series: ${cases.length} cases made from its description take the place of the contract's ${contract.length}; give cases with results of your own with --cases <folder>`,
    );
    if (method.examples.length === 0)
      note(`${pathname} has no example in its description: cases with a right response are left out`);
    return sent(cases, method.url, prefix);
  });
}

const note = (text: string): void => void process.stderr.write(`kasem: ${text}\n`);

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'this is no folder',
  EISDIR: 'this is a folder',
  EACCES: 'this may not be opened',
};

/** For a person. @param about what is at fault if the error names no path */
const reason = ({ code, path, message }: NodeJS.ErrnoException, about: string): string =>
  `${path ?? about}: ${FILE_FAULTS[code ?? ''] ?? message}`;

/** A URL of another scheme, or a host with a port. */
const LIKE_URL = /^[a-z][a-z\d+.-]*:\/\/|^(\[[\da-f:.]+\]|[\w.-]+):\d+([/?#]|$)/i;

async function call(args: readonly string[], flags: Omit<CallOptions, 'url'>): Promise<void> {
  const isUrl = (text: string) => /^https?:/i.test(text);
  const [urls, bodies] = [args.filter(isUrl), args.filter((text) => !isUrl(text))];
  if (bodies.length === 0) return unable('no body to send');
  if (urls.length > 1) return unable('there can be one URL only');
  // If a URL were taken for a file, the data would go to another service.
  const astray = bodies.find((text) => LIKE_URL.test(text) || (urls.length === 0 && text !== '-' && !existsSync(text)));
  if (astray !== undefined)
    return unable(`${astray}: there is no such file, and a URL begins with http:// or https://`);
  if (bodies.length > 1 && (flags.out !== undefined || flags.expect !== undefined))
    return unable('--out and --expect go with one body only');
  const url = urls[0] ?? DEFAULT_URL;
  if (!URL.canParse(url)) return unable(`${url} is no http or https URL`);
  const options = { ...flags, url: new URL(url) };
  let failed = 0;
  for (const body of bodies) {
    try {
      if (!(await callWithBody(body, options))) failed++;
    } catch (error) {
      failed++;
      print(reason(error as NodeJS.ErrnoException, body));
      if (error instanceof NoResponseError && error.isUnreachable)
        return unable(`${options.url.href}: ${error.message}`);
    }
  }
  if (bodies.length > 1) print(`${bodies.length - failed} of ${bodies.length} bodies right`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function serve(): Promise<void> {
  process.env.NODE_ENV ??= 'production';
  await import('../main.js');
}

function unable(reason: string): void {
  note(reason);
  process.exitCode = EXIT_UNABLE;
}

function toUrl(text: string): URL {
  if (!URL.canParse(text) || !/^https?:/i.test(text)) throw new InvalidArgumentError(`${text} is no http or https URL`);
  return new URL(text);
}

function toFile(text: string): string {
  if (statSync(text, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new InvalidArgumentError('this is a folder');
  if (!existsSync(dirname(text))) throw new InvalidArgumentError(`there is no such folder: ${dirname(text)}`);
  return text;
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a number of milliseconds is needed');
  return Number(text);
}

function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('a number from 0 on is needed');
  return value;
}

function toHeader(text: string, others: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([\w-]+)\s*:\s*(.*)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('a header is needed as name: value');
  return { ...others, [name]: value as string };
}

await program.parseAsync();
