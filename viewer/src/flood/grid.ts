/** A flood's grid as arithmetic: places of cells, the surface that joins them, and the colours of depths. */
import { rampColour } from '../layers/ramps';

import type { Figure } from './figures';

/** Longitude and latitude [degrees], and how much higher ellipsoidal heights are than the city's [m]. */
export type Corner = readonly [longitude: number, latitude: number, offset: number];

export interface WaterFile {
  width: number;
  height: number;
  /** [m] */
  cell_size: number;
  /** Of each frame [s since the start]. */
  times: number[];
  /** Outer corners: north-west, north-east, south-east, south-west. */
  corners: [Corner, Corner, Corner, Corner];
  elevation: { href: string };
  frames: { href: string; count: number };
  maximum: { href: string };
  legend: { title: { ko: string; en: string }; unit: string; stops: number[] };
  /** One value for each cell over the whole run. */
  layers?: Figure[];
}

export const isWaterFile = (value: unknown): value is WaterFile => {
  const file = value as Partial<WaterFile> | null;
  return typeof file === 'object' && file !== null && file.corners?.length === 4 && Array.isArray(file.times);
};

/** The surface has at most so many vertices along a side. */
const MOST_ALONG = 400;

/** Every how many-th cell the surface has a vertex. */
export const strideOf = ({ width, height }: Pick<WaterFile, 'width' | 'height'>) =>
  Math.max(1, Math.ceil(Math.max(width, height) / MOST_ALONG));

/** Cells along one side that have a vertex, their indices; the last one is always among them. */
export function sampled(length: number, stride: number): number[] {
  const found: number[] = [];
  for (let index = 0; index < length; index += stride) found.push(index);
  if (found.at(-1) !== length - 1) found.push(length - 1);
  return found;
}

/** The place at a share of the width (from the west) and of the height (from the north). */
export function placeAt(corners: WaterFile['corners'], across: number, down: number): Corner {
  const [nw, ne, se, sw] = corners;
  const mixed = (part: 0 | 1 | 2) =>
    (nw[part] * (1 - across) + ne[part] * across) * (1 - down) +
    (sw[part] * (1 - across) + se[part] * across) * down;
  return [mixed(0), mixed(1), mixed(2)];
}

/** The shares of width and height of a place, by Newton's method on the bilinear form. */
export function shareAt(corners: WaterFile['corners'], lon: number, lat: number): [number, number] {
  const [nw, ne, se, sw] = corners;
  let across = 0.5;
  let down = 0.5;
  for (let step = 0; step < 6; step++) {
    const [x, y] = placeAt(corners, across, down);
    const xa = (ne[0] - nw[0]) * (1 - down) + (se[0] - sw[0]) * down;
    const ya = (ne[1] - nw[1]) * (1 - down) + (se[1] - sw[1]) * down;
    const xd = (sw[0] - nw[0]) * (1 - across) + (se[0] - ne[0]) * across;
    const yd = (sw[1] - nw[1]) * (1 - across) + (se[1] - ne[1]) * across;
    const size = xa * yd - ya * xd;
    if (size === 0) return [Number.NaN, Number.NaN];
    across += ((lon - x) * yd - (lat - y) * xd) / size;
    down += ((lat - y) * xa - (lon - x) * ya) / size;
  }
  return [across, down];
}

export interface Cell {
  row: number;
  column: number;
}

/** The cell at a place, or null outside the grid. */
export function cellAt(file: WaterFile, lon: number, lat: number): Cell | null {
  const [across, down] = shareAt(file.corners, lon, lat);
  const column = Math.floor(across * file.width);
  const row = Math.floor(down * file.height);
  const inside = column >= 0 && column < file.width && row >= 0 && row < file.height;
  return inside ? { row, column } : null;
}

export interface Mesh {
  columns: number[];
  rows: number[];
  /** The cell of each vertex. */
  cells: Uint32Array;
  /** Triangles of the squares that are wet at some time. */
  indices: Uint32Array;
}

/** A vertex in the middle of each sampled cell; squares that are never wet have no triangles. */
export function meshOf(file: WaterFile, maximum: Uint16Array): Mesh {
  const stride = strideOf(file);
  const columns = sampled(file.width, stride);
  const rows = sampled(file.height, stride);
  const cells = new Uint32Array(columns.length * rows.length);
  rows.forEach((row, r) =>
    columns.forEach((column, c) => (cells[r * columns.length + c] = row * file.width + column)),
  );
  const indices: number[] = [];
  for (let r = 0; r + 1 < rows.length; r++) {
    for (let c = 0; c + 1 < columns.length; c++) {
      const a = r * columns.length + c;
      const corners = [a, a + 1, a + columns.length, a + columns.length + 1] as const;
      if (!corners.some((corner) => maximum[cells[corner]!]! > 0)) continue;
      indices.push(corners[0], corners[2], corners[1], corners[1], corners[2], corners[3]);
    }
  }
  return { columns, rows, cells, indices: Uint32Array.from(indices) };
}

/**
 * The water of one frame at the vertices, written into `target` as (rise, depth) every four numbers from
 * `offset` on [m]. A dry vertex beside wet ones rises or falls to their mean level, so that the surface runs
 * level into the ground.
 */
export function surfaceOf(
  mesh: Mesh,
  frame: Uint16Array,
  elevation: Float32Array,
  target: Float32Array,
  offset: 0 | 2,
): void {
  const across = mesh.columns.length;
  const down = mesh.rows.length;
  for (let r = 0; r < down; r++) {
    for (let c = 0; c < across; c++) {
      const vertex = r * across + c;
      const cell = mesh.cells[vertex]!;
      const depth = frame[cell]! / 1000;
      let rise = depth;
      if (depth === 0) {
        let level = 0;
        let wet = 0;
        for (let dr = -1; dr <= 1; dr++) {
          for (let dc = -1; dc <= 1; dc++) {
            const [row, column] = [r + dr, c + dc];
            if (row < 0 || row >= down || column < 0 || column >= across) continue;
            const other = mesh.cells[row * across + column]!;
            if (frame[other]! === 0) continue;
            level += elevation[other]! + frame[other]! / 1000;
            wet++;
          }
        }
        rise = wet > 0 ? level / wet - elevation[cell]! : 0;
      }
      target[vertex * 4 + offset] = rise;
      target[vertex * 4 + offset + 1] = depth;
    }
  }
}

/** The share of the ramp of a depth: stops stand at equal distances. */
export function depthShare(depth: number, stops: number[]): number {
  const last = stops.length - 1;
  if (depth <= stops[0]!) return 0;
  for (let index = 0; index < last; index++) {
    const [from, to] = [stops[index]!, stops[index + 1]!];
    if (depth <= to) return (index + (depth - from) / (to - from)) / last;
  }
  return 1;
}

/** The palest part of the ramp would be lost on a light ground. */
const PALEST = 0.16;

export const depthColour = (depth: number, stops: number[]) =>
  rampColour('deep', PALEST + (1 - PALEST) * depthShare(depth, stops));

/** The colours of depths from the first stop to the last, at equal distances, as a CSS gradient. */
export function depthGradient(stops: number[]): string {
  const last = stops.length - 1;
  const colours = stops.flatMap((stop, index) => {
    const next = stops[index + 1];
    return index === last || next === undefined ? [stop] : [stop, (stop + next) / 2];
  });
  return `linear-gradient(to right, ${colours.map((depth) => depthColour(depth, stops)).join(', ')})`;
}

/** The two frames about a time and the share of the later one. */
export function framesAt(times: number[], time: number): { before: number; after: number; share: number } {
  const last = times.length - 1;
  if (!(time > times[0]!)) return { before: 0, after: 0, share: 0 };
  for (let index = 0; index < last; index++) {
    const [from, to] = [times[index]!, times[index + 1]!];
    if (time < to) return { before: index, after: index + 1, share: (time - from) / (to - from) };
  }
  return { before: last, after: last, share: 0 };
}

/** Elevations without holes: what is not a number becomes the least height that is one. */
export function filled(elevation: Float32Array): Float32Array {
  let least = Infinity;
  for (const height of elevation) if (height < least) least = height;
  if (least === Infinity) least = 0;
  return elevation.map((height) => (Number.isFinite(height) ? height : least));
}
