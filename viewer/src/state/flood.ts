/** The flood that the map shows: a run's water, its time, the cell that was asked about, and its buildings. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { type Cell, isWaterFile } from '../flood/grid';
import { isSewersFile, type Moment, Sewers } from '../flood/sewers';
import { warningsOf } from '../flood/warnings';
import { Water } from '../flood/water';
import type { RunResults } from '../client/runs';
import type { Localized } from '../client/types';
import { detailOf, readResults } from './runs';
import { layers, reportPending, updateLayer } from './store';

/** What the water shows: depth at a time, the greatest depth, or one of the run's figures by its name. */
export type FloodMode = 'time' | 'maximum' | (string & {});

export interface FloodView {
  run: string;
  visible: boolean;
  mode: FloodMode;
  opacity: number;
  /** Whether its storm drains are shown. */
  drains: boolean;
  /** Whether its sub-basins are; without a choice where no water would be hidden by them. */
  basins?: boolean;
  /** Whether its ways to shelters are. */
  routes: boolean;
}

/** How fast a flood may be played [s of the flood per s]. */
export const FLOOD_SPEEDS = [60, 300, 900, 3600] as const;
const PREFIX = 'run:';
/** The layer that a flood's values of buildings are for. */
export const BUILDINGS = 'buildings';

export const floodView = signal<FloodView | null>(null);
/** [s since the start of the flood] */
export const floodTime = signal(0);
export const floodSpeed = signal<number>(FLOOD_SPEEDS[1]);
export const floodPlaying = signal(false);
export const water = signal<Water | null>(null);
/** The storm drains of the shown run, if it has some. */
export const sewers = signal<Sewers | null>(null);
export const floodError = signal<string | null>(null);
export const floodLoading = signal(false);

interface Place {
  longitude: number;
  latitude: number;
}

/** A place under the sun: its height [m], and what was hit there, if that is known. */
export interface SunSpot {
  kind: 'sun';
  height: number;
  /** Where its surface looks and how steep it is [degrees]; absent on level ground. */
  azimuth?: number;
  tilt?: number;
  building: string;
  /** Of the quantity that colours the surfaces. */
  value: { title: Localized; unit: string; amount: number | null } | null;
}

/** A cell of the water, a node or link of the storm drains, a sub-basin by its number, or a place under the sun. */
export type Probe = Place &
  (({ kind: 'water' } & Cell) | { kind: 'node' | 'link' | 'basin'; index: number } | SunSpot);

/** What was clicked of a simulation. */
export const probe = signal<Probe | null>(null);

/** The moment that storm drains are shown for: with figures of the whole run, their greatest states. */
export const drainMoment = computed<Moment>(() =>
  floodView.value?.mode === 'time' ? floodTime.value : 'greatest',
);

export interface Damage {
  currency: string;
  price_year: number;
  buildings_flooded?: number;
  damage: number;
  damage_low: number;
  damage_high: number;
}

export interface FloodSummary {
  /** [m], [m²], [m³] */
  max_depth?: number;
  flooded_area: number;
  rain_volume?: number;
  infiltration_volume?: number;
  mass_error?: number;
  damage?: Damage | null;
  roads_cut?: number;
  notes?: string[];
}

interface BuildingsFile {
  ids: string[];
  depth: (number | null)[];
  damage?: (number | null)[];
  currency?: string;
  price_year?: number;
}

export type BuildingValue = 'depth' | 'damage';

export interface RunValues {
  unit: string;
  byId: ReadonlyMap<string, number>;
  range: [number, number];
}

/** What the shown run says of buildings. */
export const buildingValues = signal<ReadonlyMap<BuildingValue, RunValues>>(new Map());

/** The attribute under which a layer's classification keeps a value of a run. */
export const runAttribute = (value: BuildingValue) => PREFIX + value;

/** The value of a run that a classification is by, or null. */
export const runValueOf = (attribute: string | undefined): BuildingValue | null =>
  attribute === runAttribute('depth') ? 'depth' : attribute === runAttribute('damage') ? 'damage' : null;

const isBuildings = (value: unknown): value is BuildingsFile =>
  Array.isArray((value as Partial<BuildingsFile> | null)?.ids) &&
  Array.isArray((value as Partial<BuildingsFile>).depth);

function valuesOf(ids: string[], values: (number | null)[], unit: string): RunValues {
  const byId = new Map<string, number>();
  ids.forEach((id, index) => {
    const value = values[index];
    if (typeof value === 'number') byId.set(id, value);
  });
  const most = Math.max(0, ...byId.values());
  return { unit, byId, range: [0, most > 0 ? most : 1] };
}

export function buildingValuesOf(results: RunResults): ReadonlyMap<BuildingValue, RunValues> {
  const file: BuildingsFile | undefined =
    Object.values(results)
      .map(({ value }) => value)
      .find(isBuildings) ?? warningsOf(results)?.file.buildings;
  const found = new Map<BuildingValue, RunValues>();
  if (!file) return found;
  found.set('depth', valuesOf(file.ids, file.depth, 'm'));
  if (file.damage) found.set('damage', valuesOf(file.ids, file.damage, file.currency ?? ''));
  return found;
}

export const sewersFileOf = (results: RunResults) =>
  Object.values(results)
    .map(({ value }) => value)
    .find(isSewersFile) ?? null;

export const waterFileOf = (results: RunResults) =>
  Object.values(results)
    .map(({ value }) => value)
    .find(isWaterFile) ?? null;

/** Whether a run has something to put on the map. */
export const isShowable = (results: RunResults) =>
  waterFileOf(results) !== null || warningsOf(results) !== null;

export const summaryOf = (results: RunResults): FloodSummary | null => {
  const value = results.summary?.value as FloodSummary | undefined;
  return value && 'flooded_area' in value ? value : null;
};

/** Puts a run's water on the map, at its start. */
export function showFlood(run: string): void {
  floodTime.value = 0;
  probe.value = null;
  floodView.value = { run, visible: true, mode: 'time', opacity: 0.9, drains: true, routes: true };
}

export function hideFlood(): void {
  floodView.value = null;
  floodPlaying.value = false;
  probe.value = null;
}

export function changeFlood(change: Partial<FloodView>): void {
  if (floodView.value) floodView.value = { ...floodView.value, ...change };
}

export function moveFlood(seconds: number): void {
  floodTime.value = Math.min(water.value?.duration ?? 0, Math.max(0, seconds));
}

export function playFlood(play: boolean): void {
  if (play && floodTime.value >= (water.value?.duration ?? 0)) floodTime.value = 0;
  if (play) changeFlood({ mode: 'time', visible: true });
  floodPlaying.value = play;
}

/** Colours the buildings by a value of the shown run, or by nothing. */
export function colourBuildings(value: BuildingValue | null): void {
  updateLayer(BUILDINGS, {
    classification: value && { attribute: runAttribute(value), ramp: 'deep', range: null },
    ...(value && { visible: true }),
  });
}

export const buildingsColouredBy = computed(() =>
  runValueOf(layers.value.find((layer) => layer.id === BUILDINGS)?.classification?.attribute),
);

/** Whether a run's water has what a view wants of it. */
const offers = (shown: Water | null, mode: FloodMode = 'time') =>
  mode === 'time' || mode === 'maximum' || shown?.figureOf(mode) !== undefined;

async function open(run: string, stopped: () => boolean): Promise<void> {
  floodLoading.value = true;
  floodError.value = null;
  reportPending('flood', 1);
  try {
    const results = await readResults(run);
    if (stopped()) return;
    buildingValues.value = buildingValuesOf(results);
    const file = waterFileOf(results);
    const drains = sewersFileOf(results);
    const opened = file && (await Water.open(run, file));
    const below = drains && (await Sewers.open(run, drains));
    if (stopped()) return;
    if (!offers(opened, floodView.peek()?.mode)) changeFlood({ mode: 'time' });
    water.value = opened;
    sewers.value = below;
    moveFlood(floodTime.peek());
  } catch (error) {
    if (!stopped()) floodError.value = detailOf(error);
  } finally {
    if (!stopped()) {
      floodLoading.value = false;
      reportPending('flood', 0);
    }
  }
}

/** Fetches what the shown run needs. */
export function followFlood(): void {
  const run = computed(() => floodView.value?.run ?? null);
  effect(() => {
    const id = run.value;
    let stopped = false;
    untracked(() => {
      if (water.value?.run === id) return;
      water.value = null;
      sewers.value = null;
      buildingValues.value = new Map();
      if (id !== null) void open(id, () => stopped);
      else if (buildingsColouredBy.value !== null) colourBuildings(null);
    });
    return () => {
      stopped = true;
      floodLoading.value = false;
      reportPending('flood', 0);
    };
  });
}
