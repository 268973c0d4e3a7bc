/** What saving costs: measures in their order as a curve of cost against saving. */
import type { CurveStep } from '../client/energy';
import type { Position } from '../client/types';

/** From how far even a single building is looked at [m]. */
const LEAST_RANGE = 250;
const METRES_PER_DEGREE = 111_320;

/** Whether all measures up to a point of the curve have a cost; those without one come last. */
export interface CurvePoint {
  /** [kWh/a] */
  saved: number;
  /** What is known of it. */
  spent: number;
  known: boolean;
}

/** Sums over the steps, from nothing on: a point more than there are steps. */
export function curveOf(steps: readonly CurveStep[]): CurvePoint[] {
  const points: CurvePoint[] = [{ saved: 0, spent: 0, known: true }];
  for (const { saved_final: saved, investment } of steps) {
    const last = points.at(-1)!;
    points.push({
      saved: last.saved + (saved ?? 0),
      spent: last.spent + (investment ?? 0),
      known: last.known && investment !== null,
    });
  }
  return points;
}

/** The measures of the first steps, that one included. */
export const upTo = (steps: readonly CurveStep[], index: number) =>
  steps.slice(0, index + 1).map(({ measure }) => measure);

/** How many of the first steps are the chosen measures, in whatever order; 0 where they are others. */
export function reached(steps: readonly CurveStep[], chosen: readonly string[]): number {
  const first = new Set(upTo(steps, chosen.length - 1));
  return first.size === chosen.length && chosen.every((one) => first.has(one)) ? chosen.length : 0;
}

/** Where some places lie: their middle, and from how far all are seen [m]. */
export function middleOf(places: readonly Position[]): { at: Position; range: number } {
  const span = (axis: 0 | 1 | 2) => {
    const along = places.map((place) => place[axis]);
    return [Math.min(...along), Math.max(...along)] as const;
  };
  const [[west, east], [south, north], [low, high]] = [span(0), span(1), span(2)];
  const at: Position = [(west + east) / 2, (south + north) / 2, (low + high) / 2];
  const across = (east - west) * Math.cos((at[1] * Math.PI) / 180);
  const size = Math.hypot(across, north - south) * METRES_PER_DEGREE;
  return { at, range: LEAST_RANGE + 1.5 * size };
}
