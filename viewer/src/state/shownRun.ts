/** Runs on the map, whatever they are of: a flood's water or the sun's colours. */
import { effect, untracked } from '@preact/signals';
import type { RunResults } from '../client/runs';
import { floodError, floodView, hideFlood, isShowable, playFlood, showFlood } from './flood';
import { detailOf, finished, openRun, readResults } from './runs';
import { hideSun, showSun, sunView, surfacesOf } from './sunRun';

const isSun = (results: RunResults) => surfacesOf(results) !== null;

/** Whether a run has something to put on the map. */
export const canShow = (results: RunResults) => isShowable(results) || isSun(results);

export const isShown = (run: string) => floodView.value?.run === run || sunView.value?.run === run;

export function toggleShown(run: string, results: RunResults): void {
  const shown = isShown(run);
  if (isShowable(results)) (shown ? hideFlood : showFlood)(run);
  if (isSun(results)) (shown ? hideSun : showSun)(run);
}

/** Shows runs that this page has started when they end. */
export function followFinished(): void {
  effect(() => {
    const id = finished.value;
    if (id === null) return;
    untracked(() => {
      finished.value = null;
      openRun.value = id;
      void readResults(id)
        .then((results) => {
          if (isSun(results)) showSun(id);
          if (!isShowable(results)) return;
          showFlood(id);
          playFlood(!matchMedia('(prefers-reduced-motion: reduce)').matches);
        })
        .catch((error: unknown) => (floodError.value = detailOf(error)));
    });
  });
}
