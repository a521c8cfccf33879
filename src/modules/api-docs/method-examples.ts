import { type ExampleObject } from '@nestjs/swagger';
import { errorResponse } from '../../common/http/kasem-exception.filter.js';
import { KasemError } from '../../common/errors/kasem.error.js';
import { createFrameDecoder } from '../../common/frame/frame-codec.js';
import { DATE } from '../../common/frame/frame.js';
import { type DeclaredMethod } from '../../common/method/method-declaration.js';
import { validateParams } from '../../common/method/params.js';
import { assertNoOverflow, summarize } from '../../common/method/result.js';
import { errorName } from './failures.js';
import { exampleParams } from './params-schema.js';

type Examples = Readonly<Record<string, ExampleObject>>;

/** An answer has the name of its body; a refusal that of its error, and its body in its description. */
export interface MethodExamples {
  readonly bodies: Examples;
  readonly answers: Examples;
  readonly refusals: Examples;
}

interface Body {
  readonly param?: unknown;
  readonly scalar: { readonly headers?: readonly string[]; readonly data: readonly (readonly unknown[])[] };
}

/** Those that the method declares, or else one that is made up; turned, and broken in each way that can be. */
export async function methodExamples(method: DeclaredMethod): Promise<MethodExamples> {
  const bodies: Record<string, ExampleObject> = {};
  const answers: Record<string, ExampleObject> = {};
  const add = async (name: string, summary: string, body: Body, rows?: readonly unknown[]): Promise<void> => {
    bodies[name] = { summary, value: body };
    if (rows !== undefined) answers[name] = { summary, value: await answerOf(method, body, rows) };
  };

  const sample = sampleBody(method);
  const declared = method.examples ?? [];
  for (const [index, { summary, param, rows, response }] of declared.entries())
    await add(
      `example${index + 1}`,
      summary,
      { param, scalar: { headers: headersOf(method), data: rows } },
      response,
    );
  if (declared.length === 0 && exampleParams(method.params) !== undefined)
    await add('example1', 'A body', sample);
  const [first] = Object.values(bodies);
  if (first !== undefined)
    await add(
      'anyOrder',
      'The same in another order, with a column that is ignored',
      turned(first.value as Body),
      declared[0]?.response,
    );
  return { bodies, answers, refusals: await refusalsOf(method, sample) };
}

const headersOf = ({ inputs }: DeclaredMethod): string[] => [DATE, ...inputs];

/** Two rows for any method. */
function sampleBody(method: DeclaredMethod): Body {
  const row = (row: number) => [1420066800 + row, ...method.inputs.map((_, index) => index + row + 0.5)];
  return {
    param: method.examples?.[0]?.param ?? exampleParams(method.params) ?? {},
    scalar: { headers: headersOf(method), data: [row(0), row(1)] },
  };
}

const turned = ({ param, scalar: { headers = [], data } }: Body): Body => ({
  param,
  scalar: {
    headers: ['quality', ...headers.toReversed()],
    data: data.map((row) => ['good', ...row.toReversed()]),
  },
});

async function answerOf(method: DeclaredMethod, body: Body, rows: readonly unknown[]): Promise<object> {
  const scalar = { headers: [DATE, ...method.outputs], data: rows };
  return { scalar, error: 0, log: await read(method, body) };
}

/** What the service says to a body that is broken in one place: the decoder and the rules are asked themselves. */
async function refusalsOf(method: DeclaredMethod, body: Body): Promise<Examples> {
  const refusals: Record<string, ExampleObject> = {};
  const add = async (attempt: Promise<unknown>, description: string): Promise<void> => {
    const error = await attempt.then(
      () => undefined,
      (reason: Error) => reason,
    );
    if (error === undefined) return;
    if (!(error instanceof KasemError)) throw error;
    const { code, when } = error.errorCode;
    const name = errorName(error.errorCode);
    refusals[name] = {
      summary: `${code} ${name}`,
      description: `${when} ${description}`,
      value: errorResponse(error, 'http').body,
    };
  };
  for (const broken of breakages(body))
    await add(read(method, broken), `The body was\n\n\`\`\`json\n${JSON.stringify(broken)}\n\`\`\``);
  const [output = ''] = method.outputs;
  await add(assertNoOverflow(output, Float64Array.of(Infinity)), `It was ${output} of the first row.`);
  return refusals;
}

function breakages({ param, scalar }: Body): Body[] {
  const { headers = [], data } = scalar;
  const [first = [], second = []] = data;
  const withSecond = (row: readonly unknown[]): Body => ({ param, scalar: { headers, data: [first, row] } });
  return [
    { scalar },
    { param: {}, scalar },
    { param, scalar: { data } },
    { param, scalar: { headers: [...headers.slice(0, -1), 'misspelt'], data } },
    withSecond(second.slice(0, -1)),
    withSecond([...second.slice(0, -1), 'high']),
    withSecond([null, ...second.slice(1)]),
  ];
}

/**
 * @returns the log of success
 * @throws KasemError what is wrong with the body
 */
async function read(method: DeclaredMethod, body: Body): Promise<string> {
  const decoder = createFrameDecoder(method.schema);
  decoder.push(Buffer.from(JSON.stringify(body)));
  const { params, frame } = await decoder.end();
  validateParams(method.params, params);
  return summarize(frame);
}
