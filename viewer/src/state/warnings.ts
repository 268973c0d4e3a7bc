/** The warnings of the shown run: what is drawn of them, and the sub-basin that was asked about. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { getBytes } from '../client/runs';
import { filled } from '../flood/grid';
import { type Basin, type Warnings, warningsOf } from '../flood/warnings';
import { floodError, floodView, probe } from './flood';
import { detailOf, results } from './runs';
import { reportPending } from './store';

/** What the shown run warns of. */
export const warnings = computed<Warnings | null>(() => {
  const found = results.value.get(floodView.value?.run ?? '');
  return found ? warningsOf(found) : null;
});

export const routesShown = computed(() => floodView.value?.routes ?? true);
const hasWater = computed(() => 'water' in (results.value.get(floodView.value?.run ?? '') ?? {}));
export const basinsShown = computed(() => floodView.value?.basins ?? !hasWater.value);

export interface BasinGrid {
  run: string;
  warnings: Warnings;
  /** Number of the sub-basin of each cell, and height of the ground [m]. */
  cells: Uint16Array;
  elevation: Float32Array;
}

/** The cells of the shown run's sub-basins. */
export const basinGrid = signal<BasinGrid | null>(null);

export const pickedBasin = computed<Basin | null>(() => {
  const at = probe.value;
  if (at?.kind !== 'basin') return null;
  return warnings.value?.basins.find(({ basin }) => basin === at.index) ?? null;
});

export function pickBasin({ basin, point }: Basin): void {
  if (point) probe.value = { kind: 'basin', index: basin, longitude: point[0], latitude: point[1] };
}

/** Fetches the cells of the shown run's sub-basins. */
export function followWarnings(): void {
  effect(() => {
    const [found, run] = [warnings.value, floodView.value?.run];
    let stopped = false;
    untracked(() => {
      if (found && run && basinGrid.value?.run === run) return;
      basinGrid.value = null;
      if (!found || !run || found.file.map.corners.length !== 4) return;
      const { map } = found.file;
      reportPending('warnings', 1);
      Promise.all([getBytes(run, map.basins.href), getBytes(run, map.elevation.href)])
        .then(([basins, ground]) => {
          if (stopped) return;
          const [cells, elevation] = [new Uint16Array(basins), filled(new Float32Array(ground))];
          basinGrid.value = { run, warnings: found, cells, elevation };
        })
        .catch((error: unknown) => !stopped && (floodError.value = detailOf(error)))
        .finally(() => !stopped && reportPending('warnings', 0));
    });
    return () => {
      stopped = true;
      reportPending('warnings', 0);
    };
  });
}
