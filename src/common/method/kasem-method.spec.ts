import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../../..');

/** Precedes the code of each test. */
const AROUND = `
import { Controller } from '@nestjs/common';
import { type Frame } from './frame.js';
import { declareMethod, KasemMethod, type MethodCall, type MethodResult } from './kasem-method.js';

class Params { readonly gain!: number; }
class OtherParams { readonly window!: string; }
const column = new Float64Array();
const SAME = declareMethod({
  paths: ['same'], params: Params, inputs: ['x_ts', { name: 'y_ts', optional: true }], outputs: ['a_ts', 'b_ts'],
});
const OWN = declareMethod({ paths: ['own'], params: OtherParams, inputs: ['x_ts'], outputs: ['a_ts'], rows: 'own' });
declare const same: MethodCall<typeof SAME>;
declare const own: MethodCall<typeof OWN>;
`.replaceAll("'./frame.js'", "'../frame/frame.js'");

const method = (declared: string, body: string, result = '') => `
@Controller() class C { @KasemMethod(${declared}) run({ params, frame }: MethodCall<typeof ${declared}>)${result} { ${body} } }`;

const COMPILES: Readonly<Record<string, string>> = {
  'an input, an optional one and the date': `
    const x: Float64Array = same.frame.column('x_ts');
    const date: Float64Array = same.frame.column('date');
    const y: Float64Array | undefined = same.frame.column('y_ts');`,
  'params, signal and note': `
    const gain: number = same.params.gain;
    if (!own.signal.aborted) own.note(own.params.window);`,
  'a result with all outputs': method('SAME', 'return { b_ts: column, a_ts: column };'),
  'a result that is promised': method('SAME', 'return Promise.resolve({ b_ts: column, a_ts: column });'),
  'a result with dates of its own': method('OWN', 'return { date: column, a_ts: column };'),
  'a result whose type is named': method('OWN', 'return { date: column, a_ts: column };', ': MethodResult<typeof OWN>'),
  'a service that needs a part of the frame': `
    const run = (frame: Frame<'x_ts'>) => frame.column('x_ts'); run(same.frame); run(own.frame);`,
};

const DOES_NOT: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a misspelt input': [`same.frame.column('x_t');`, /'"x_t"' is not assignable .*"x_ts" \| "y_ts" \| "date"/],
  'an output as an input': [`same.frame.column('a_ts');`, /'"a_ts"' is not assignable/],
  'an optional input as if it were there': [`const y: Float64Array = same.frame.column('y_ts');`, /undefined/],
  'a param that is not declared': [`same.params.window;`, /'window' does not exist on type 'Params'/],
  'a result without an output': [method('SAME', 'return { a_ts: column };'), /'b_ts' is missing/],
  'a result whose type is named, without an output': [
    method('SAME', 'return { a_ts: column };', ': MethodResult<typeof SAME>'),
    /'b_ts' is missing/,
  ],
  'a result with another column': [
    method('OWN', 'return { date: column, a_ts: column, b_ts: column };', ': MethodResult<typeof OWN>'),
    /'b_ts' does not exist/,
  ],
  'dates of its own where the rows are the same': [
    method('SAME', 'return { date: column, a_ts: column, b_ts: column };'),
    /Types of property 'date' are incompatible/,
  ],
  'no dates where the rows are its own': [method('OWN', 'return { a_ts: column };'), /'date' is missing/],
  'an output that is no Float64Array': [
    method('OWN', 'return { date: column, a_ts: [1] };'),
    /'number\[\]' is not assignable|missing the following properties/,
  ],
  'the call of another method': [
    `@Controller() class C { @KasemMethod(OWN) run(call: MethodCall<typeof SAME>) { return { date: column, a_ts: column }; } }`,
    /'OtherParams'/,
  ],
  'a service that needs another frame': [
    `const run = (frame: Frame<'x_ts' | 'y_ts'>) => frame.length; run(same.frame);`,
    /not assignable/,
  ],
  'an unknown key of a declaration': [
    `declareMethod({ paths: [], params: Params, inputs: [], outputs: [], row: 'own' });`,
    /'row' does not exist|did you mean/,
  ],
};

describe('the types of a declared method', () => {
  /** The compiler's messages by file name. */
  const said = new Map<string, string>();
  const fileOf = (kind: string, index: number) => resolve(import.meta.dirname, `${kind}-${index}.ts`);

  beforeAll(() => {
    const sources = new Map(
      [
        ['compiles', Object.values(COMPILES)] as const,
        ['does-not', Object.values(DOES_NOT).map(([code]) => code)] as const,
      ].flatMap(([kind, codes]) => codes.map((code, i) => [fileOf(kind, i), AROUND + code] as const)),
    );
    const { config } = ts.readConfigFile(resolve(ROOT, 'tsconfig.json'), (name) => ts.sys.readFile(name)) as {
      config: object;
    };
    const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, ROOT);
    const loose = { ...options, noUnusedLocals: false, noUnusedParameters: false };
    const disk = ts.createCompilerHost(loose);
    const host: ts.CompilerHost = {
      ...disk,
      fileExists: (name) => sources.has(resolve(name)) || disk.fileExists(name),
      readFile: (name) => sources.get(resolve(name)) ?? disk.readFile(name),
      getSourceFile: (name, ...options) => {
        const source = sources.get(resolve(name));
        return source === undefined
          ? disk.getSourceFile(name, ...options)
          : ts.createSourceFile(name, source, ts.ScriptTarget.ES2023);
      },
    };
    const program = ts.createProgram([...sources.keys()], loose, host);
    for (const name of sources.keys())
      said.set(
        name,
        program
          .getSemanticDiagnostics(program.getSourceFile(name))
          .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
          .join('\n'),
      );
  });

  it.each(Object.keys(COMPILES).map((name, i) => [name, i] as const))('take %s', (_, i) => {
    expect(said.get(fileOf('compiles', i))).toBe('');
  });

  it.each(Object.entries(DOES_NOT).map(([name, [, pattern]], i) => [name, pattern, i] as const))(
    'refuse %s',
    (_, pattern, i) => {
      expect(said.get(fileOf('does-not', i))).toMatch(pattern);
    },
  );
});
