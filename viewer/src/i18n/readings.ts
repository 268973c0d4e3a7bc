/** Readings, ages and units as people read them. */
import type { SensorState } from '../client/sensorTypes';
import { language } from '../state/store';
import { type Key, number, t, withUnit } from './index';
import { en } from './en';

/** The reader's word for an observed property, or its own name. */
export function propertyTerm(name: string): string {
  const key = `property.${name.toLowerCase()}`;
  return key in en ? t(key as Key) : name;
}

export const stateTerm = (state: SensorState) => t(`sensors.state.${state}` as Key);

export function flagTerm(flag: string): string {
  const key = `flag.${flag}`;
  return key in en ? t(key as Key) : flag;
}

/** A reading with its unit; other results than numbers as they are. */
export function readingText(_property: string, value: unknown, unit: string | null | undefined): string {
  if (typeof value === 'number') return withUnit(number(value), unit);
  if (value === null || value === undefined) return t('sensors.none');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** How long ago something was: "12 s ago". */
export function ago(epochMs: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - epochMs) / 1000));
  const [unit, size] = STEPS.find(([, least]) => seconds >= least) ?? STEPS.at(-1)!;
  const format = new Intl.RelativeTimeFormat(language.value, { style: 'short', numeric: 'always' });
  return format.format(-Math.floor(seconds / size), unit);
}

/** A length of time in its largest unit. */
export function duration(seconds: number): string {
  const [unit, size] = STEPS.find(([, least]) => seconds >= least) ?? STEPS.at(-1)!;
  return new Intl.NumberFormat(language.value, {
    style: 'unit',
    unit: unit as string,
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  }).format(seconds / size);
}
