/** The day's sun over the place that was clicked. */
import { effect, signal } from '@preact/signals';
import { getSunPath, type SunPath } from '../client/sun';
import { seasonStart } from '../sun/position';
import { toLocal } from './zone';
import { city, instant, zone } from './store';
import { probe } from './flood';
import { detailOf } from './runs';

export type SunDay = 'winter' | 'equinox' | 'summer' | 'today';
export const SUN_DAYS: readonly SunDay[] = ['winter', 'equinox', 'summer', 'today'];

/** The local date (YYYY-MM-DD) of a day of the shown year; the winter is that of the city's hemisphere. */
export function dateOf(day: SunDay): string {
  if (day === 'today') return toLocal(Date.now(), zone.value).date;
  const year = Number(toLocal(instant.value, zone.value).date.slice(0, 4));
  const south = (city.value?.home?.lat ?? 0) < 0;
  const season = day === 'equinox' ? 'spring' : (day === 'winter') === south ? 'summer' : 'winter';
  return toLocal(seasonStart(year, season), zone.value).date;
}

/** The date of the path; null until one is chosen, which means the winter solstice. */
export const chosenDate = signal<string | null>(null);
export const sunDate = () => chosenDate.value ?? dateOf('winter');

export const sunPath = signal<SunPath | null>(null);
export const sunPathError = signal<string | null>(null);
/** The answer to the plan in whose city the sun is asked for; null for the city as it is. */
export const plannedCity = signal<string | null>(null);

/** Asks for the path whenever another place or date is wanted; what was asked before is given up. */
export function followSunPath(): void {
  effect(() => {
    const at = probe.value;
    const date = sunDate();
    const answer = plannedCity.value;
    sunPathError.value = null;
    if (at?.kind !== 'sun') {
      sunPath.value = null;
      return undefined;
    }
    const abort = new AbortController();
    getSunPath(at, date, answer, abort.signal)
      .then((found) => (sunPath.value = found))
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        sunPath.value = null;
        sunPathError.value = detailOf(error);
      });
    return () => abort.abort();
  });
}
