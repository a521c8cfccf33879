import { isDeepStrictEqual } from 'node:util';
import { type MethodExample } from '../common/method/method-declaration.js';

/** A method as described in a service's /openapi.json. */
export interface DescribedMethod {
  readonly url: URL;
  /** All paths of its declaration. A service may serve them behind a prefix. */
  readonly paths: readonly string[];
  /** Its input series, in the order of its examples. */
  readonly inputs: readonly string[];
  /** The inputs that a body may omit. */
  readonly optional: readonly string[];
  readonly outputs: readonly string[];
  readonly examples: readonly MethodExample[];
}

interface Scalar {
  readonly scalar: { readonly data: MethodExample['rows'] };
}

type Content<T> = {
  readonly content: {
    readonly 'application/json': {
      readonly examples?: Readonly<Record<string, { readonly summary: string; readonly value: T }>>;
    };
  };
};

/** A method in the description of this service. Operations of other services lack `x-kasem`. */
interface Operation {
  readonly 'x-kasem'?: Pick<DescribedMethod, 'paths' | 'inputs' | 'optional' | 'outputs'>;
  readonly requestBody: Content<Pick<MethodExample, 'param'> & Scalar>;
  readonly responses: { readonly 200: Content<Pick<MethodExample, 'log'> & Scalar> };
}

/**
 * The method at a URL or, if it is the root of a service, all methods, from the openapi.json at the URL or above.
 * @returns an empty array if the service has only other methods; undefined if there is no description of a service
 */
export async function describedMethods(
  url: URL,
  how: { readonly timeout: number; readonly header?: Readonly<Record<string, string>> },
): Promise<DescribedMethod[] | undefined> {
  const segments = url.pathname.split('/').filter(Boolean);
  const path = pathOf(url);
  let found: DescribedMethod[] | undefined;
  for (let depth = 0; depth <= segments.length; depth++) {
    const root = new URL(['', ...segments.slice(0, depth), ''].join('/'), url);
    const document = await getJson(new URL('openapi.json', root), how);
    if (document === undefined) return found;
    const methods = methodsIn(document, root);
    if (methods.length === 0) continue;
    if (depth === segments.length) return methods.filter((one, i) => methods.findIndex(isAlias(one)) === i);
    found = methods.filter((one) => pathOf(one.url) === path);
    if (found.length > 0) return found;
  }
  return found;
}

/** In the form that the service compares. */
const pathOf = ({ pathname }: URL): string => pathname.replace(/\/+$/, '').toLowerCase();

/** Whether it is the same method at another path. */
const isAlias =
  (one: DescribedMethod) =>
  (other: DescribedMethod): boolean =>
    isDeepStrictEqual({ ...one, url: other.url }, other);

/** @returns null if the response is not JSON, undefined if there is no response */
async function getJson(
  url: URL,
  { timeout, header = {} }: { readonly timeout: number; readonly header?: Readonly<Record<string, string>> },
): Promise<unknown> {
  const response = await fetch(url, { headers: header, signal: AbortSignal.timeout(timeout) }).catch(() => undefined);
  return response && response.json().catch(() => null);
}

function methodsIn(document: unknown, root: URL): DescribedMethod[] {
  const { paths } = Object(document) as {
    readonly paths?: Readonly<Record<string, { readonly post?: Operation } | null>> | null;
  };
  return Object.entries(paths ?? {}).flatMap(([path, item]) => {
    const post = item?.post;
    if (post?.['x-kasem'] === undefined) return [];
    const bodies = post.requestBody.content['application/json'].examples ?? {};
    const responses = post.responses[200].content['application/json'].examples ?? {};
    const examples = Object.entries(bodies).flatMap(([name, { summary, value: body }]) => {
      const response = responses[name]?.value;
      if (response === undefined) return [];
      const { param, scalar } = body;
      return [{ summary, param, rows: scalar.data, response: response.scalar.data, log: response.log }];
    });
    return [{ url: new URL(`.${path}`, root), ...post['x-kasem'], examples }];
  });
}
