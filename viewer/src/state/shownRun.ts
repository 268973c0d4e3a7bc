/** Runs on the map, whatever they are of: a flood's water, the sun's colours, or buildings by their energy. */
import { effect, untracked } from '@preact/signals';
import type { RunResults } from '../client/runs';
import { energySummaryOf, energyView, hideEnergy, showEnergy } from './energy';
import { floodError, floodView, hideFlood, isShowable, playFlood, showFlood } from './flood';
import { detailOf, finished, openRun, readResults } from './runs';
import { hideSun, showSun, sunView, surfacesOf } from './sunRun';

const isEnergy = (results: RunResults) => energySummaryOf(results) !== null;
const isSun = (results: RunResults) => surfacesOf(results) !== null;

/** Whether a run has something to put on the map. */
export const canShow = (results: RunResults) => isShowable(results) || isSun(results) || isEnergy(results);

export const isShown = (run: string) =>
  [floodView, sunView, energyView].some((view) => view.value?.run === run);

export function toggleShown(run: string, results: RunResults): void {
  const shown = isShown(run);
  if (isShowable(results)) (shown ? hideFlood : showFlood)(run);
  if (isSun(results)) (shown ? hideSun : showSun)(run);
  if (isEnergy(results)) (shown ? hideEnergy : showEnergy)(run);
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
          if (isEnergy(results)) showEnergy(id);
          if (!isShowable(results)) return;
          showFlood(id);
          playFlood(!matchMedia('(prefers-reduced-motion: reduce)').matches);
        })
        .catch((error: unknown) => (floodError.value = detailOf(error)));
    });
  });
}
