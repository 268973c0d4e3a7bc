/** Flood warnings as a run leaves them: sub-basins and buildings with depth and level, and ways to shelters. */
import type { RunResults } from '../client/runs';
import type { Localized } from '../client/types';
import { type Corner, type Mesh, sampled, strideOf } from './grid';

export interface Level {
  level: number;
  /** Where it begins [m]. */
  depth: number;
  name: Localized;
}

export interface WarningMap {
  width: number;
  height: number;
  cell_size: number;
  corners: Corner[];
  basins: { href: string };
  elevation: { href: string };
}

export interface WarningsFile {
  levels: Level[];
  map: WarningMap;
  buildings: {
    ids: string[];
    depth: (number | null)[];
    level: number[];
    error?: (number | null)[];
  };
  without_way: { building: string; why: string }[];
  issued?: string;
  until?: string;
  forecast?: { source: string; amount: number; stream_rise: number };
  library?: { beyond: Record<string, [asked: number, taken: number]> };
  notes?: string[];
}

/** A sub-basin. depth: [m], null where nothing is known, and level -1. error: [m], of depths from a library. */
export interface Basin {
  basin: number;
  area: number;
  depth: number | null;
  level: number;
  error: number | null;
  point: [longitude: number, latitude: number] | null;
}

export interface Route {
  building: string;
  shelter_name: string;
  /** [m], [s], [m] */
  length: number;
  time: number;
  max_depth: number;
  line: [number, number][];
}

export interface Warnings {
  file: WarningsFile;
  basins: Basin[];
  routes: Route[];
}

interface Collection {
  features: { geometry: { coordinates: [number, number][] } | null; properties: unknown }[];
}

/** Blue, yellow, orange, red: the colours of the four stages of the Korean crisis warning system. */
export const LEVEL_COLOURS = ['#2f7ed8', '#f2c618', '#f28a1e', '#d7263d'] as const;
export const levelColour = (level: number) =>
  LEVEL_COLOURS[Math.min(level, LEVEL_COLOURS.length) - 1] ?? '#8a94a0';

const isFile = (value: unknown): value is WarningsFile => {
  const file = value as Partial<WarningsFile> | null;
  return typeof file === 'object' && file !== null && Array.isArray(file.levels) && 'map' in file;
};

const isCollection = (value: unknown): value is Collection =>
  Array.isArray((value as Partial<Collection> | null)?.features);

/** What a run warns of; null for one that does not warn. */
export function warningsOf(results: RunResults): Warnings | null {
  const [file, basins, routes] = [results.warnings, results.basins, results.routes].map(
    (result) => result?.value,
  );
  if (!isFile(file) || !isCollection(basins) || !isCollection(routes)) return null;
  return {
    file,
    basins: basins.features.map(({ properties }) => properties as Basin),
    routes: routes.features.map(({ geometry, properties }) => ({
      ...(properties as Omit<Route, 'line'>),
      line: geometry?.coordinates ?? [],
    })),
  };
}

/** The sub-basins with a warning, the gravest and deepest first. */
export const warned = (basins: Basin[]) =>
  basins
    .filter(({ level }) => level > 0)
    .sort((a, b) => b.level - a.level || (b.depth ?? 0) - (a.depth ?? 0) || a.basin - b.basin);

/**
 * The cells of sub-basins that have a warning, as the surface of a flood would be: squares whose corners are in one
 * sub-basin, so that a gap is left along the borders.
 */
export function basinMesh(map: WarningMap, cells: Uint16Array, basins: Basin[]): Mesh {
  const stride = strideOf(map);
  const columns = sampled(map.width, stride);
  const rows = sampled(map.height, stride);
  const shown = new Set(basins.filter(({ level }) => level > 0).map(({ basin }) => basin));
  const vertices = Uint32Array.from(rows.flatMap((row) => columns.map((column) => row * map.width + column)));
  const indices: number[] = [];
  for (let r = 0; r + 1 < rows.length; r++) {
    for (let c = 0; c + 1 < columns.length; c++) {
      const a = r * columns.length + c;
      const corners = [a, a + 1, a + columns.length, a + columns.length + 1] as const;
      const [basin, ...others] = corners.map((corner) => cells[vertices[corner]!]!);
      if (!shown.has(basin!) || others.some((other) => other !== basin)) continue;
      indices.push(corners[0], corners[2], corners[1], corners[1], corners[2], corners[3]);
    }
  }
  return { columns, rows, cells: vertices, indices: Uint32Array.from(indices) };
}
