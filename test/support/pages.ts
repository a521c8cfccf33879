import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parsers } from 'prettier/plugins/markdown';

export const ROOT = resolve(import.meta.dirname, '../..');

/** A node of a page's syntax tree, see https://github.com/syntax-tree/mdast. */
export interface Part {
  readonly type: string;
  readonly value?: string;
  readonly lang?: string | null;
  readonly url?: string;
  readonly children?: readonly Part[];
}

/** A block of code. `next` is a block that directly follows it. */
export interface Block {
  readonly lang: string;
  readonly code: string;
  readonly next?: Block;
}

export interface Page {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly parts: readonly Part[];
  readonly blocks: readonly Block[];
}

/** The files of the project, including those that are not committed yet. */
export function projectFiles(...patterns: string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns];
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ls-files: ${stderr}`);
  return stdout.trim().split('\n');
}

export function readPages(): Page[] {
  return projectFiles('*.md').map((path) => {
    const root = parsers.markdown.parse(readFileSync(join(ROOT, path), 'utf8'), {} as never) as Part;
    const parts = [...within(root)];
    return { path, parts, blocks: parts.flatMap(({ children }) => blocksOf(children ?? [])) };
  });
}

/** The text that a reader sees. */
export const textOf = (part: Part): string =>
  [...within(part)].map(({ value, type }) => (type === 'html' ? '' : (value ?? ''))).join('');

/** The anchors that GitHub gives the headings of a page: in lower case, without punctuation, and numbered if they repeat. */
export function anchorsOf({ parts }: Page): string[] {
  const times = new Map<string, number>();
  return parts
    .filter(({ type }) => type === 'heading')
    .map((heading) => {
      const slug = textOf(heading)
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-');
      const time = times.get(slug) ?? 0;
      times.set(slug, time + 1);
      return time === 0 ? slug : `${slug}-${time}`;
    });
}

function* within(part: Part): Generator<Part> {
  yield part;
  for (const child of part.children ?? []) yield* within(child);
}

function blocksOf([part, ...rest]: readonly Part[]): Block[] {
  if (part === undefined) return [];
  const others = blocksOf(rest);
  if (part.type !== 'code') return others;
  const next = rest[0]?.type === 'code' ? others[0] : undefined;
  return [{ lang: part.lang ?? '', code: part.value ?? '', ...(next && { next }) }, ...others];
}
