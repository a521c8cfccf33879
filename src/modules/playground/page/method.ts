/** What the page needs to know about the method. */
export interface Method {
  /** The address, relative to the page. */
  readonly path: string;
  /** The columns that the method takes. It ignores others, and the page hides them at first. */
  readonly inputs: readonly string[];
  /** A body as JSON text. */
  readonly sample: string;
}

type Examples = Record<string, { readonly value: { readonly scalar: { readonly headers: string[] } } }>;
type Operation = { readonly requestBody?: { readonly content: Record<string, { examples?: Examples }> } };

/** The first method with an example in the service's own description. */
async function describe(): Promise<Method> {
  const response = await fetch('openapi.json');
  const { paths } = (await response.json()) as { paths: Record<string, { readonly post?: Operation }> };
  for (const [path, { post }] of Object.entries(paths)) {
    const sample = post?.requestBody?.content['application/json']?.examples?.example1?.value;
    if (sample === undefined) continue;
    const inputs = sample.scalar.headers.filter((name) => name !== 'date');
    return { path: path.slice(1), inputs, sample: JSON.stringify(sample) };
  }
  throw new Error('the service describes no method with an example');
}

export const method = describe();
