/** The energy run that the map shows: what colours the buildings, and what else the run says of city and buildings. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { offline } from '../client/api';
import { type EnergyProperty, type EnergySummary, getProperties, getValues } from '../client/energy';
import type { RunResults } from '../client/runs';
import { energyClassifier } from '../energy/colours';
import type { Classifier } from '../layers/classify';
import { BUILDINGS } from './flood';
import { detailOf, readResults } from './runs';
import { layers, reportPending, updateLayer } from './store';

const PREFIX = 'energy:';
const FIRST = ['grade', 'primary_per_area'];

export interface Whose {
  kind: 'building' | 'block';
  id: string;
}

export interface EnergyView {
  run: string;
  /** Whose retrofit is looked at, and the measures that are chosen for it. */
  of: Whose | null;
  measures: string[];
}

export interface EnergyRun {
  run: string;
  summary: EnergySummary;
  properties: EnergyProperty[];
  /** Of all buildings. */
  ids: ReadonlySet<string>;
  /** Of buildings that rest on guesses. */
  guessed: ReadonlySet<string>;
}

export type ById = ReadonlyMap<string, number>;

export const energyView = signal<EnergyView | null>(null);
export const energyRun = signal<EnergyRun | null>(null);
export const energyError = signal<string | null>(null);
export const energyLoading = signal(false);
/** Values of the run's buildings, by property. */
export const energyValues = signal<ReadonlyMap<string, ById>>(new Map());
/** Values that stand in for those of the run while a retrofit is shown, by property. */
export const afterwards = signal<ReadonlyMap<string, ById>>(new Map());

/** The attribute under which a layer's classification keeps a property of a run. */
export const energyAttribute = (property: string) => PREFIX + property;

/** The property of a run that a classification is by, or null. */
export const energyOf = (attribute: string | undefined) =>
  attribute?.startsWith(PREFIX) ? attribute.slice(PREFIX.length) : null;

/** The property that colours the buildings now, or null. */
export const colouredBy = computed(() =>
  energyOf(layers.value.find((layer) => layer.id === BUILDINGS)?.classification?.attribute),
);

let before = '';
/** The chosen property, also while the buildings are coloured by something else. */
export const energyProperty = computed(() => {
  const properties = energyRun.value?.properties ?? [];
  const wanted = [colouredBy.value ?? before, ...FIRST];
  const found = wanted.flatMap((id) => properties.find((one) => one.id === id) ?? [])[0];
  return found ?? properties[0] ?? null;
});

export interface EnergyPaint {
  byId: ById;
  classifier: Classifier;
  guessed: ReadonlySet<string>;
}

/** How a run colours the buildings by a property; null while it is not known. */
export function paintOf(property: string): EnergyPaint | null {
  const run = energyRun.value;
  const described = run?.properties.find(({ id }) => id === property);
  const byId = afterwards.value.get(property) ?? energyValues.value.get(property);
  if (!run || !described || !byId) return null;
  return { byId, classifier: energyClassifier(described), guessed: run.guessed };
}

/** Colours the buildings by a property of the shown run, or by nothing of it. */
export function colourByEnergy(property: string | null): void {
  before = property ?? colouredBy.peek() ?? before;
  updateLayer(BUILDINGS, {
    classification:
      property === null ? null : { attribute: energyAttribute(property), ramp: 'batlow', range: null },
    ...(property !== null && { visible: true }),
  });
}

export const energySummaryOf = (results: RunResults): EnergySummary | null => {
  const value = results.summary?.value as Partial<EnergySummary> | undefined;
  return value?.need && value.self_sufficiency && results.zones ? (value as EnergySummary) : null;
};

export function showEnergy(run: string): void {
  energyView.value = { run, of: null, measures: [] };
  colourByEnergy('grade');
}

export function hideEnergy(): void {
  energyView.value = null;
}

export function changeEnergy(change: Partial<EnergyView>): void {
  if (energyView.value) energyView.value = { ...energyView.value, ...change };
}

const mapOf = (ids: string[], values: (number | null)[]) =>
  new Map(ids.flatMap((id, index) => (values[index] == null ? [] : [[id, values[index]] as const])));

async function open(run: string, stopped: () => boolean): Promise<void> {
  energyLoading.value = true;
  energyError.value = null;
  reportPending('energy', 1);
  try {
    const [results, properties] = await Promise.all([readResults(run), getProperties(run)]);
    const summary = energySummaryOf(results);
    if (stopped() || !summary) return;
    const rests = await getValues(run, 'guesses');
    if (stopped()) return;
    const guessed = rests.ids.filter((_, index) => (rests.values[index] ?? 0) > 0);
    energyRun.value = { run, summary, properties, ids: new Set(rests.ids), guessed: new Set(guessed) };
    if (colouredBy.peek() !== null && energyProperty.peek()?.id !== colouredBy.peek())
      colourByEnergy(energyProperty.peek()?.id ?? null);
  } catch (error) {
    if (!stopped()) energyError.value = detailOf(error);
  } finally {
    if (!stopped()) {
      energyLoading.value = false;
      reportPending('energy', 0);
    }
  }
}

async function readValues(run: string, property: string): Promise<void> {
  reportPending('energy-values', 1);
  try {
    const { ids, values } = await getValues(run, property);
    if (energyRun.peek()?.run !== run) return;
    energyValues.value = new Map(energyValues.peek()).set(property, mapOf(ids, values));
    energyError.value = null;
  } catch (error) {
    if (energyRun.peek()?.run === run) energyError.value = detailOf(error);
  } finally {
    reportPending('energy-values', 0);
  }
}

/** Fetches what the shown run needs, and the values that colour; after a lost server is back, what is missing. */
export function followEnergy(): void {
  const run = computed(() => energyView.value?.run ?? null);
  effect(() => {
    const id = run.value;
    const lost = offline.value;
    let stopped = false;
    untracked(() => {
      if (energyRun.value?.run === id) return;
      energyRun.value = null;
      energyValues.value = new Map();
      afterwards.value = new Map();
      if (id === null) {
        if (colouredBy.value !== null) colourByEnergy(null);
      } else if (!lost) void open(id, () => stopped);
    });
    return () => {
      stopped = true;
      energyLoading.value = false;
      reportPending('energy', 0);
    };
  });
  effect(() => {
    const id = energyRun.value?.run;
    const property = colouredBy.value;
    if (id === undefined || property === null || offline.value) return;
    untracked(() => {
      if (!energyValues.value.has(property)) void readValues(id, property);
    });
  });
}

/** The building of the run among an object, its parts and what it is part of. */
export const inRun = (ids: readonly string[]) => ids.find((id) => energyRun.value?.ids.has(id)) ?? null;
