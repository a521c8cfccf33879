import { DATE } from '../../../common/frame/frame.js';
import { button, element, loaded, make } from './dom.js';
import { showParams } from './param-form.js';
import { type Param, type Schema } from './schema.js';
import { type Needs } from '../../../common/frame/series-reader.js';

export interface Method {
  /** Relative to the page. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly params: readonly Param[];
  readonly needs: Needs;
  readonly outputs: readonly string[];
  /** The body of its first example. */
  readonly sample: { readonly param: object } | undefined;
}

interface Content {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: { readonly param: object } }>>;
}

/** An operation of OpenAPI; x-kasem is there if it is a method. */
interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly 'x-kasem'?: Readonly<Record<'inputs' | 'optional' | 'outputs', readonly string[]>>;
  readonly requestBody: { readonly content: { readonly 'application/json': Content } };
}

/** Reads the methods from /openapi.json. A method with several paths has the first of them. */
async function describe(): Promise<Method[]> {
  const json = await loaded('openapi.json');
  const { components } = JSON.parse(json) as { components: { schemas: Record<string, Schema> } };
  /** Replaces a reference by its schema. */
  const resolve = (_: string, value: Schema | null): unknown => {
    const { $ref, ...beside } = value ?? {};
    if ($ref === undefined) return value;
    const schema = JSON.stringify(components.schemas[$ref.split('/').at(-1) ?? '']);
    return { ...(JSON.parse(schema, resolve) as Schema), ...beside };
  };
  const { paths } = JSON.parse(json, resolve) as { paths: Record<string, { post?: Operation }> };
  const all = Object.entries(paths).flatMap(([path, { post }]) => methodOf(path.slice(1), post) ?? []);
  if (all.length === 0) throw new Error('the service describes no method');
  const texts = all.map((method) => JSON.stringify({ ...method, path: '' }));
  return all.filter((_, m) => texts.indexOf(texts[m] as string) === m);
}

export const methods = describe();

function methodOf(path: string, operation?: Operation): Method | undefined {
  if (operation?.['x-kasem'] === undefined) return undefined;
  const { summary, description = '', 'x-kasem': series, requestBody } = operation;
  const { schema, examples = {} } = requestBody.content['application/json'];
  const { properties = {}, required = [] } = schema.properties?.param ?? {};
  const params = Object.entries(properties).map(([name, property]) => {
    const isRequired = required.includes(name);
    const { anyOf, ...others } = property;
    // An optional param may also be null.
    return { name, schema: isRequired ? property : { ...others, ...anyOf?.[0] }, isRequired };
  });
  const { inputs, optional, outputs } = series;
  const needs = { params: params.map(({ name }) => name), series: inputs, optional };
  return { path, summary, description, params, needs, outputs, sample: Object.values(examples)[0]?.value };
}

const chooser = element<HTMLSelectElement>('method');

export function showChooser(all: readonly Method[], choose: (method: Method) => void): void {
  element('method-field').hidden = all.length < 2;
  const options = all.map(({ path, summary }) => make('option', `${path}: ${summary}`, { value: path }));
  chooser.replaceChildren(...options);
  chooser.addEventListener('change', () => choose(all[chooser.selectedIndex] as Method));
}

export function showMethod({ path, summary, description, params, needs, sample }: Method): void {
  const { series, optional } = needs;
  const needed = [DATE, ...series.filter((name) => !optional.includes(name))].join(', ');
  const others = optional.length > 0 ? `; takes ${optional.join(', ')} if there` : '';
  chooser.value = path;
  element('summary').textContent = summary;
  element('takes').textContent = `${summary.replace(/\.?$/, '.')} ${description} Needs ${needed}${others}.`;
  element('sample').hidden = sample === undefined;
  showParams(params);
}

/** Offers the other methods whose needed columns are all there. */
export async function offerMethods(headers: readonly string[], choose: (method: Method) => void): Promise<void> {
  const isFor = ({ path, needs: { series, optional } }: Method): boolean =>
    path !== chooser.value && [DATE, ...series].every((name) => optional.includes(name) || headers.includes(name));
  const others = (await methods).filter(isFor);
  element('offer').hidden = others.length === 0;
  const take = (method: Method): void => {
    choose(method);
    // The button that had the focus is gone.
    chooser.focus();
  };
  element('offer').replaceChildren('Its series suit', ...others.map((one) => button(one.path, () => take(one))));
}
