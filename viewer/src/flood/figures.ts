/** What a flood's water can be coloured by besides its depth: one value for each cell over the whole run. */
import type { Localized } from '../client/types';
import { GRADES, type Ramp, rampColour } from '../layers/ramps';
import { depthShare, type Mesh, surfaceOf } from './grid';

export interface FigureLegend {
  title: Localized;
  unit: string;
  /** Values at equal distances on a ramp. */
  stops?: number[];
  /** Or grades, each from its least value up to the next one's. */
  classes?: { from: number; title: Localized }[];
}

export interface Figure {
  name: string;
  href: string;
  legend: FigureLegend;
}

/** Early, fast and long are at the dark ends. */
const RAMP: Record<string, Ramp> = { duration: 'deep' };
const SAMPLES = 26;

/** The grade that a value is of, counted from 0. */
export function gradeOf(classes: { from: number }[], value: number): number {
  let found = 0;
  classes.forEach(({ from }, index) => {
    if (value >= from) found = index;
  });
  return found;
}

/** Where a value stands in its legend, 0 to 1: every grade, and every step between stops, takes the same room. */
export function legendShare({ classes, stops }: FigureLegend, value: number): number {
  if (!classes) return depthShare(value, stops ?? [0, 1]);
  const grade = gradeOf(classes, value);
  const from = classes[grade]!.from;
  const width = (classes[grade + 1]?.from ?? from * 2) - from || 1;
  return (grade + Math.min(0.999, Math.max(0, (value - from) / width))) / classes.length;
}

/** The colours of a legend: one for each grade, or samples of a ramp at equal distances. */
export function legendColours({ name, legend }: Figure): string[] {
  if (legend.classes) return legend.classes.map((_, index) => GRADES[Math.min(index, GRADES.length - 1)]!);
  const ramp = RAMP[name] ?? 'viridis';
  return Array.from({ length: SAMPLES }, (_, index) => rampColour(ramp, index / (SAMPLES - 1)));
}

/**
 * The greatest water at the vertices, and the share of each cell's value in its legend, written into `target` as
 * (rise, depth, rise, share). Where nothing is known the depth is 0, so that nothing is drawn, and the share is the
 * mean of its neighbours', so that colours do not bleed.
 */
export function paintOf(
  mesh: Mesh,
  maximum: Uint16Array,
  elevation: Float32Array,
  figure: Figure,
  values: Float32Array,
  target: Float32Array,
): void {
  surfaceOf(mesh, maximum, elevation, target, 0);
  const across = mesh.columns.length;
  const shares = Float32Array.from(mesh.cells, (cell) => {
    const value = values[cell]!;
    return Number.isNaN(value) ? Number.NaN : legendShare(figure.legend, value);
  });
  shares.forEach((share, vertex) => {
    target[vertex * 4 + 2] = target[vertex * 4]!;
    if (Number.isNaN(share)) target[vertex * 4 + 1] = 0;
    target[vertex * 4 + 3] = Number.isNaN(share) ? meanAround(shares, vertex, across) : share;
  });
}

function meanAround(shares: Float32Array, vertex: number, across: number): number {
  const column = vertex % across;
  let sum = 0;
  let count = 0;
  for (let dr = -1; dr <= 1; dr++) {
    for (let dc = -1; dc <= 1; dc++) {
      const share = shares[vertex + dr * across + dc];
      const inside = column + dc >= 0 && column + dc < across;
      if (!inside || share === undefined || Number.isNaN(share)) continue;
      sum += share;
      count++;
    }
  }
  return count > 0 ? sum / count : 0;
}
