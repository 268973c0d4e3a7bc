/** The planned building, what it does to its neighbours' sun, and how both are shown. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { getObject } from '../client/api';
import { askWhatIf, type WhatIf } from '../client/sun';
import { isSound, type Plan, polygonOf } from '../sunstudy/plan';
import { detailOf } from './runs';
import { plannedCity, sunDate } from './sunPath';
import { sidePanel, tool } from './store';

/** What the colours say: hours with or without the plan, both side by side, or the difference. */
export type Compare = 'change' | 'after' | 'before' | 'split';
export const COMPARES: readonly Compare[] = ['change', 'after', 'before', 'split'];

export const plan = signal<Plan | null>(null);
export const compare = signal<Compare>('change');
/** Where the two halves meet, as a share of the map's width. */
export const splitAt = signal(0.5);
/** The last answer, which may be of an earlier state of the plan while the next is on its way. */
export const whatIf = signal<WhatIf | null>(null);
export const planBusy = signal(false);
export const planError = signal<string | null>(null);

/**
 * Whether the plan stands as a plain body: while no answer is there for it as it stands, and with differences, which
 * it has none of.
 */
export const bodyShown = computed(
  () =>
    plan.value !== null &&
    compare.value !== 'before' &&
    (whatIf.value === null || planBusy.value || compare.value === 'change'),
);

/** The parts of buildings that are taken away, which carry the geometry of many. */
const partsOf = signal<ReadonlyMap<string, string[]>>(new Map());

const razedIds = computed(() => {
  const removed = compare.value === 'before' ? [] : (plan.value?.removed ?? []);
  return JSON.stringify(removed.flatMap((id) => [id, ...(partsOf.value.get(id) ?? [])]));
});
/** What is not shown because the plan takes its place; the same set while it holds the same. */
export const razed = computed((): ReadonlySet<string> => new Set(JSON.parse(razedIds.value) as string[]));

function readParts(id: string): void {
  if (partsOf.peek().has(id)) return;
  const put = (parts: string[]) => (partsOf.value = new Map(partsOf.peek()).set(id, parts));
  put([]);
  getObject(id)
    .then(({ children }) => put((children ?? []).map((child) => child.id)))
    .catch(() => undefined);
}

/** Takes away the building that an object is or is a part of, or brings it back. */
export async function toggleRazed(id: string): Promise<void> {
  const { parent } = await getObject(id);
  const whole = (typeof parent === 'string' ? parent : parent?.id) ?? id;
  changePlan((now) => ({
    ...now,
    removed: now.removed.includes(whole)
      ? now.removed.filter((one) => one !== whole)
      : [...now.removed, whole],
  }));
}

/** The rule of daylight that neighbours are judged by. */
const RULE = 'korea';
/** How long a plan has to rest before the server is asked [ms]. */
const REST_MS = 120;

export function changePlan(change: (plan: Plan) => Plan): void {
  if (plan.value) plan.value = change(plan.value);
}

export function startPlan(found: Plan): void {
  plan.value = found;
  tool.value = null;
  sidePanel.value = 'plan';
}

export function dropPlan(): void {
  plan.value = null;
}

/** Lets the server make ready for plans around a place, so that the first answer comes as fast as the next. */
export function prepare(lon: number, lat: number): void {
  const nobody = new AbortController();
  askWhatIf({ at: [lon, lat], date: sunDate() }, nobody.signal).catch(() => undefined);
}

/** Asks what the plan does whenever it or the date changes; what was asked before is given up. */
export function followPlan(): void {
  effect(() => plan.value?.removed.forEach((id) => untracked(() => readParts(id))));
  effect(() => {
    plannedCity.value = compare.value === 'before' ? null : (whatIf.value?.id ?? null);
  });
  effect(() => {
    const wanted = plan.value;
    const date = sunDate();
    planError.value = null;
    if (!wanted || !isSound(wanted.footprint)) {
      untracked(() => (whatIf.value = null));
      planBusy.value = false;
      return undefined;
    }
    planBusy.value = true;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      askWhatIf(
        {
          plan: { footprint: polygonOf(wanted.footprint), height: wanted.height },
          ...(wanted.removed.length > 0 && { remove: wanted.removed }),
          date,
          rule: RULE,
        },
        abort.signal,
      )
        .then((found) => {
          if (abort.signal.aborted) return;
          whatIf.value = found;
          planBusy.value = false;
        })
        .catch((error: unknown) => {
          if (abort.signal.aborted) return;
          planBusy.value = false;
          planError.value = detailOf(error);
        });
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  });
}
