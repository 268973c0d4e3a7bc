/** The sun run that the map shows: which quantity colours the surfaces, and what else the run has left. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { get } from '../client/api';
import type { RunResults } from '../client/runs';
import type { DaylightRight, Quantity } from '../client/sun';
import { isDaylightRight } from '../sunstudy/daylight';
import { quantitiesOf } from '../sunstudy/quantities';
import { detailOf, readResults } from './runs';
import { reportPending } from './store';

export interface SunView {
  run: string;
  visible: boolean;
  /** The property that colours the surfaces; empty for the first. */
  property: string;
  opacity: number;
  /** Whether the ground is coloured as well. */
  ground: boolean;
}

export interface SunRun {
  run: string;
  tileset: string;
  quantities: Quantity[];
  /** Properties that the ground has as well, as rasters. */
  ground: ReadonlySet<string>;
  daylight: DaylightRight | null;
  /** Addresses of the reports, by language. */
  reports: Partial<Record<'ko' | 'en', string>>;
}

export const sunView = signal<SunView | null>(null);
export const sunRun = signal<SunRun | null>(null);
export const sunError = signal<string | null>(null);
export const sunLoading = signal(false);

/** The quantity that colours the surfaces now. */
export const shownQuantity = computed(() => {
  const quantities = sunRun.value?.quantities ?? [];
  return quantities.find(({ property }) => property === sunView.value?.property) ?? quantities[0] ?? null;
});

/** Whether the shown quantity is known of the ground. */
export const hasGround = computed(
  () => sunRun.value?.ground.has(shownQuantity.value?.property ?? '') ?? false,
);
export const groundShown = computed(
  () => hasGround.value && (sunView.value?.visible ?? false) && (sunView.value?.ground ?? false),
);

/** A result's file as a path of this server. */
const pathOf = (href: string | undefined) =>
  href === undefined ? undefined : new URL(href, location.href).pathname;

export const surfacesOf = (results: RunResults) => {
  const found = pathOf(results.surfaces?.href);
  return found?.endsWith('/tileset.json') ? found : null;
};

async function daylightOf(results: RunResults): Promise<DaylightRight | null> {
  const { value, href } = results.daylight ?? {};
  const found = value ?? (href === undefined ? null : await get<unknown>(pathOf(href)!));
  return isDaylightRight(found) ? found : null;
}

export function showSun(run: string): void {
  sunView.value = { run, visible: true, property: '', opacity: 1, ground: true };
}

export function hideSun(): void {
  sunView.value = null;
}

export function changeSun(change: Partial<SunView>): void {
  if (sunView.value) sunView.value = { ...sunView.value, ...change };
}

async function open(run: string, stopped: () => boolean): Promise<void> {
  sunLoading.value = true;
  sunError.value = null;
  reportPending('sun', 1);
  try {
    const results = await readResults(run);
    const tileset = surfacesOf(results);
    if (stopped() || tileset === null) return;
    const legend = await get<unknown>(tileset.replace(/tileset\.json$/, 'legend.json'));
    const daylight = await daylightOf(results);
    if (stopped()) return;
    const quantities = quantitiesOf(legend);
    const onGround = quantities.filter(({ property }) => results[property]?.href?.endsWith('.tif'));
    const [ko, en] = [pathOf(results.report_ko?.href), pathOf(results.report_en?.href)];
    sunRun.value = {
      run,
      tileset,
      quantities,
      ground: new Set(onGround.map(({ property }) => property)),
      daylight,
      reports: { ...(ko && { ko }), ...(en && { en }) },
    };
  } catch (error) {
    if (!stopped()) sunError.value = detailOf(error);
  } finally {
    if (!stopped()) {
      sunLoading.value = false;
      reportPending('sun', 0);
    }
  }
}

/** Fetches what the shown run needs. */
export function followSun(): void {
  const run = computed(() => sunView.value?.run ?? null);
  effect(() => {
    const id = run.value;
    let stopped = false;
    untracked(() => {
      if (sunRun.value?.run === id) return;
      sunRun.value = null;
      if (id !== null) void open(id, () => stopped);
    });
    return () => {
      stopped = true;
      sunLoading.value = false;
      reportPending('sun', 0);
    };
  });
}
