/** Values of runs as text: money, times since the start, and how runs stand. */
import type { Job } from '../client/runs';
import { type Key, number, t } from '../i18n';
import { duration } from '../i18n/readings';
import { language } from '../state/store';

/** An amount of money, whole from 100 on. */
export function money(value: number, currency: string): string {
  try {
    return new Intl.NumberFormat(language.value, {
      style: 'currency',
      currency,
      maximumFractionDigits: 0,
    }).format(value);
  } catch {
    return `${number(value, 0)} ${currency}`;
  }
}

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
