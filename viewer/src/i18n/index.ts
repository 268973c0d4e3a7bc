/** Texts, numbers and dates in the reader's language. */
import { language } from '../state/store';
import { en } from './en';
import { ko } from './ko';

export type Key = keyof typeof en;
export type Message = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Texts = Record<Key, Message>;

const TEXTS: Record<'en' | 'ko', Texts> = { en, ko };

export function t(key: Key, values: Record<string, string | number> = {}): string {
  let message = TEXTS[language.value][key];
  if (typeof message !== 'string') {
    const rule = new Intl.PluralRules(language.value).select(Number(values.count ?? 0));
    message = message[rule] ?? message.other ?? '';
  }
  return message.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === 'number' ? number(value) : (value ?? '');
  });
}

/** The reader's word for a name of the data model, or the name itself if there is none. */
export function term(kind: 'class' | 'surface' | 'attr', name: string): string {
  const bare = name.includes(':') ? name.slice(name.lastIndexOf(':') + 1) : name;
  const key = `${kind}.${bare}`;
  if (key in en) return t(key as Key);
  return /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name)
    ? name[0]!.toUpperCase() + name.slice(1).replaceAll('_', ' ')
    : name;
}

export const hasTerm = (kind: 'class' | 'surface' | 'attr', name: string) => term(kind, name) !== name;

/** A number with thousands separators and, if not told, sensible digits: whole from 1000 on, three below 1. */
export function number(value: number, digits?: number): string {
  const size = Math.abs(value);
  const places: Intl.NumberFormatOptions =
    digits === undefined && size < 1
      ? { maximumSignificantDigits: 3 }
      : { maximumFractionDigits: digits ?? (size >= 1000 ? 0 : size >= 100 ? 1 : 2) };
  return new Intl.NumberFormat(language.value, places).format(value);
}

/** A length with its unit, in metres below 1 km. */
export function metres(value: number): string {
  const format = (amount: number, unit: string, digits: number) =>
    new Intl.NumberFormat(language.value, { style: 'unit', unit, maximumFractionDigits: digits }).format(
      amount,
    );
  return Math.abs(value) >= 1000 ? format(value / 1000, 'kilometer', 3) : format(value, 'meter', 2);
}

/** An area with its unit; hectares from 10,000 m². */
export const squareMetres = (value: number) =>
  value >= 10_000 ? `${number(value)} m² (${number(value / 10_000, 2)} ha)` : `${number(value, 1)} m²`;

export const withUnit = (value: string, unit: string | null | undefined) =>
  unit
    ? `${value} ${unit
        .replace(/\bm2\b/, 'm²')
        .replace(/\bm3\b/, 'm³')
        .replace(/\.(?=[a-z])/, '·')}`
    : value;

export function dateTime(instantMs: number, zone: string): string {
  return new Intl.DateTimeFormat(language.value, {
    timeZone: zone,
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(instantMs);
}

/** From one instant to another; what both have in common is said once. */
export function timeRange(fromMs: number, toMs: number, zone: string): string {
  return new Intl.DateTimeFormat(language.value, {
    timeZone: zone,
    dateStyle: 'medium',
    timeStyle: 'short',
  }).formatRange(fromMs, toMs);
}

/** An ISO date, or date and time, as the reader writes it; other texts as they are. */
export function dateText(text: string, zone: string): string {
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) return text;
  if (text.length > 10) return dateTime(instant, zone);
  return new Intl.DateTimeFormat(language.value, { timeZone: 'UTC', dateStyle: 'medium' }).format(instant);
}

export function clockTime(instantMs: number, zone: string): string {
  return new Intl.DateTimeFormat(language.value, {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(instantMs);
}
