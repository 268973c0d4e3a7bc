/** Korean and English have the same keys and the same blanks, and no text hides in the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { expect, test } from 'vitest';
import { en } from '../src/i18n/en';
import type { Message } from '../src/i18n';
import { ko } from '../src/i18n/ko';

const SRC = join(import.meta.dirname, '../src');
const forms = (message: Message) => (typeof message === 'string' ? [message] : Object.values(message));
const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test('both languages have the same keys', () => {
  expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
});

test('no text is empty, and blanks agree between the languages', () => {
  for (const [key, message] of Object.entries(en) as [keyof typeof en, Message][]) {
    const other = forms(ko[key]).at(-1)!;
    for (const form of [...forms(message), ...forms(ko[key])]) expect(form.trim(), key).not.toBe('');
    expect(blanks(other), key).toEqual(blanks(forms(message).at(-1)!));
  }
});

test('plural messages have the forms that the language asks for', () => {
  const plural = Object.entries(en).filter(([, message]) => typeof message !== 'string');
  expect(plural.length).toBeGreaterThan(0);
  for (const [key, message] of plural) {
    expect(Object.keys(message), key).toEqual(expect.arrayContaining(['one', 'other']));
    expect(ko[key as keyof typeof en], key).toHaveProperty('other');
  }
});

interface Node {
  type: string;
  value?: unknown;
  name?: { name?: string };
  [key: string]: unknown;
}

function* nodes(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodes(item);
  else if (value && typeof value === 'object') {
    if (typeof (value as Node).type === 'string') yield value as Node;
    for (const child of Object.values(value)) yield* nodes(child);
  }
}

const SPOKEN = new Set(['aria-label', 'title', 'placeholder', 'alt', 'data-tip', 'aria-valuetext']);

/** Words for people in a source file: between tags, in spoken attributes, or in Hangul anywhere. */
export function textsIn(file: string, source: string): string[] {
  const found: string[] = [];
  for (const node of nodes(parseSync(file, source).program)) {
    const literal = node.type === 'Literal' && typeof node.value === 'string' ? node.value : '';
    if (/[가-힣]/.test(literal)) found.push(literal);
    if (node.type === 'JSXText' && /\p{L}/u.test(String(node.value))) found.push(String(node.value).trim());
    if (node.type === 'JSXAttribute' && SPOKEN.has(node.name?.name ?? '')) {
      const value = node.value as Node | null;
      if (value?.type === 'Literal' && !(String(value.value) in en)) found.push(String(value.value));
    }
  }
  return found;
}

test('the search for texts finds them', () => {
  const source = `const a = <p title="Hello">Words {x}</p>; const b = '가';`;
  expect(textsIn('a.tsx', source).sort()).toEqual(['Hello', 'Words', '가']);
});

test('no text stands in the code', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      /\.tsx?$/.test(name) && !/i18n.((sensors|flood|warnings|sun|energy|ar)\.)?(en|ko)\.ts$/.test(name),
  );
  expect(files.length).toBeGreaterThan(20);
  const found = files.flatMap((name) =>
    textsIn(name, readFileSync(join(SRC, name), 'utf8')).map((text) => `${name}: ${text}`),
  );
  expect(found).toEqual([]);
});

test('every key is used, but for the words of the data model, which are looked up by name', () => {
  const code = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) =>
        /\.tsx?$/.test(name) && !/i18n.((sensors|flood|warnings|sun|energy|ar)\.)?(en|ko)\.ts$/.test(name),
    )
    .map((name) => readFileSync(join(SRC, name), 'utf8'))
    .join('\n');
  const built = [...code.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1]!);
  const unused = Object.keys(en).filter(
    (key) =>
      !/^(class|surface|attr|property|flag|energy\.(figure|origin|part|towards|carrier|use))\./.test(key) &&
      !code.includes(`'${key}'`) &&
      !code.includes(`"${key}"`) &&
      !built.some((start) => key.startsWith(start)),
  );
  expect(unused).toEqual([]);
});
