/** Attribute values as text: numbers, measures with units, codes with their names. */
import type { AttributeNode } from '../client/types';
import { number, t, withUnit } from './index';

/** A number of an attribute; years and codes keep their digits together. */
export function attributeNumber(name: string, value: number): string {
  if (/year|code|id$/i.test(name)) return String(Math.round(value * 100) / 100);
  return number(value);
}

type Fields = { [key: string]: AttributeNode };

export const isFields = (node: AttributeNode): node is Fields =>
  typeof node === 'object' && node !== null && !Array.isArray(node);

const isMeasure = (node: Fields) =>
  'value' in node && Object.keys(node).every((key) => /^(value|unit|uom)$/.test(key));
const isCode = (node: Fields) =>
  'code' in node && Object.keys(node).every((key) => /^(code|codeSpace|name)$/.test(key));

export interface ValueText {
  text: string;
  /** What stands behind the text: a code and its list. */
  note?: string;
}

/** The text of a value, or null when it has parts of its own. */
export function valueText(name: string, node: AttributeNode): ValueText | null {
  if (node === null || node === undefined) return { text: t('common.none') };
  if (typeof node === 'boolean') return { text: t(node ? 'inspector.yes' : 'inspector.no') };
  if (typeof node === 'number') return { text: attributeNumber(name, node) };
  if (typeof node === 'string') return { text: node };
  if (Array.isArray(node)) {
    const texts = node.map((item) => valueText(name, item));
    return texts.every((text) => text !== null) ? { text: texts.map((text) => text.text).join(', ') } : null;
  }
  if (isMeasure(node)) {
    const unit = node.unit ?? node.uom;
    const inner = valueText(name, node.value ?? null);
    return inner && { text: withUnit(inner.text, typeof unit === 'string' ? unit : null) };
  }
  if (isCode(node)) {
    const code = String(node.code);
    const named = typeof node.name === 'string' ? node.name : null;
    const list = typeof node.codeSpace === 'string' ? node.codeSpace.split('/').at(-1)! : null;
    const note = list ? t('inspector.code', { code, list }) : named ? code : undefined;
    return { text: named ?? code, ...(note && { note }) };
  }
  return null;
}

const HANGUL = /[가-힣]/;

/** An address on one line: Korean ones from the large to the small, others from the small to the large. */
export function addressText(address: AttributeNode): string {
  if (!isFields(address)) return String(address);
  const part = (name: string) => {
    const value = address[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const [street, house, town] = [part('thoroughfare'), part('number'), part('locality')];
  const [code, country] = [part('postal_code'), part('country')];
  const line = HANGUL.test(street + town)
    ? [town, street, house, code && `(${code})`].filter(Boolean).join(' ')
    : [[street, house].filter(Boolean).join(' '), [code, town].filter(Boolean).join(' '), country]
        .filter(Boolean)
        .join(', ');
  return (
    line ||
    Object.values(address)
      .filter((value) => typeof value === 'string')
      .join(', ')
  );
}
