import { MAX_DEPTH, MAX_PARAM_BYTES } from './frame-rules.js';
import { JsonScanner, keyName, OPEN_ARRAY, OPEN_OBJECT } from './json-scanner.js';

/** An open object or array. */
interface Container {
  readonly path: string;
  /** The keys of an object so far. */
  keys?: Set<string>;
  /** The last key of an object. */
  key: string;
  readonly isArray: boolean;
  /** The number of values so far. */
  values: number;
}

/**
 * Finds a key that appears twice within a param, at any depth.
 * @param text JSON
 * @param path of the param
 * @returns the path of the first such key; undefined if there is none, or if the text is too long
 */
export function repeatedKey(text: Uint8Array, path: string): string | undefined {
  const isContainer = text[0] === OPEN_OBJECT || text[0] === OPEN_ARRAY;
  if (!isContainer || text.length > MAX_PARAM_BYTES) return undefined;
  let repeated: string | undefined;
  /** The open containers by depth. */
  const open: Container[] = [];
  const scanner = new JsonScanner(
    {
      begin: (depth, first) => {
        const around = open[depth - 1];
        if (around !== undefined) around.values++;
        const isArray = first === OPEN_ARRAY;
        if (!isArray && first !== OPEN_OBJECT) return false;
        const place = around && (around.isArray ? `[${around.values - 1}]` : `.${around.key}`);
        open[depth] = { path: around ? `${around.path}${place}` : path, key: '', isArray, values: 0 };
        return false;
      },
      end: () => undefined,
      key: (depth, keyText) => {
        // A key that is too long is not needed.
        if (keyText === undefined) return;
        const container = open[depth - 1] as Container;
        const { keys = (container.keys = new Set()) } = container;
        container.key = keyName(keyText);
        if (keys.has(container.key)) repeated ??= `${container.path}.${container.key}`;
        keys.add(container.key);
      },
    },
    MAX_DEPTH,
  );
  scanner.scan(text, 0, text.length);
  return repeated;
}
