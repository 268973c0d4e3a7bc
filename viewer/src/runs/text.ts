/** Values of runs as text: money, times since the start, and how runs stand. */
import type { Job } from '../client/runs';
import { type Key, t } from '../i18n';
import { duration } from '../i18n/readings';
import { language } from '../state/store';

function inCurrency(value: number, currency: string, options: Intl.NumberFormatOptions): string {
  try {
    return new Intl.NumberFormat(language.value, { style: 'currency', currency, ...options }).format(value);
  } catch {
    return `${new Intl.NumberFormat(language.value, options).format(value)} ${currency}`.trim();
  }
}

/** An amount of money, whole from 100 on. */
export const money = (value: number, currency: string) =>
  inCurrency(value, currency, Math.abs(value) >= 100 || value === 0 ? { maximumFractionDigits: 0 } : {});

/** An amount of money in a word for thousands or millions. */
export const moneyShort = (value: number, currency: string) =>
  inCurrency(value, currency, { notation: 'compact', maximumSignificantDigits: 3 });

/** Hours and minutes since the start, as on a stop watch; seconds in floods shorter than ten minutes. */
export function clockOf(seconds: number, whole: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (whole < 600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}`;
}

export const jobState = (job: Job) => t(`runs.state.${job.status}` as Key);

/** A time that is about right: whole up to 20, beyond in fives, of the unit it is told in. */
export function roundSeconds(seconds: number): number {
  const size = seconds < 90 ? 1 : seconds < 5400 ? 60 : 3600;
  const value = seconds / size;
  return size * (value < 20 ? Math.max(1, Math.round(value)) : 5 * Math.round(value / 5));
}

/** How long a run took, or has taken, in words; empty before it has started. */
export function tookText(job: Job, now: number): string {
  if (!job.started) return '';
  const end = job.finished ? Date.parse(job.finished) : now;
  return duration(Math.max(1, Math.round((end - Date.parse(job.started)) / 1000)));
}
