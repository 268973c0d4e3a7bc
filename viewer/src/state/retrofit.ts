/** What the chosen measures change: asked for when they have come to rest, and shown on the map if wanted. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { askRetrofit, getMeasures, type Measure, type Package, type RetrofitAnswer } from '../client/energy';
import { valuesAfter } from '../energy/retrofit';
import { afterwards, type ById, changeEnergy, energyRun, energyValues, energyView } from './energy';
import { detailOf } from './runs';

const REST_MS = 120;
const ON_THE_MAP = ['grade', 'primary_per_area'] as const;

export const measures = signal<Measure[]>([]);
export const packages = signal<Package[]>([]);
export const retrofit = signal<RetrofitAnswer | null>(null);
export const retrofitError = signal<string | null>(null);
export const retrofitBusy = signal(false);
/** Whether the map shows the buildings with the measures. */
export const mapAfter = signal(false);

export const chooseMeasures = (chosen: string[]) => changeEnergy({ measures: chosen });

/** Whose retrofit: its key changes when something else is to be asked. */
const asked = computed(() => {
  const { of = null, measures: chosen = [] } = energyView.value ?? {};
  const run = energyRun.value?.run;
  return run !== undefined && of ? JSON.stringify({ run, of, chosen }) : null;
});

async function ask(key: string, abort: AbortController): Promise<void> {
  const { run, of, chosen } = JSON.parse(key) as {
    run: string;
    of: { kind: 'building' | 'block'; id: string };
    chosen: string[];
  };
  try {
    const who = of.kind === 'building' ? { buildings: [of.id] } : { block: of.id };
    retrofit.value = await askRetrofit(run, who, chosen, abort.signal);
    retrofitError.value = null;
  } catch (error) {
    if (!abort.signal.aborted) retrofitError.value = detailOf(error);
  } finally {
    if (!abort.signal.aborted) retrofitBusy.value = false;
  }
}

/** Follows the choice while the panel is open; the answer ends it. */
export function followRetrofit(): () => void {
  const ends = [
    effect(() => {
      const run = energyRun.value?.run;
      if (run === undefined) return;
      getMeasures(run)
        .then((found) => {
          measures.value = found.measures;
          packages.value = found.packages;
        })
        .catch((error: unknown) => (retrofitError.value = detailOf(error)));
    }),
    effect(() => {
      const key = asked.value;
      const any = untracked(() => (energyView.value?.measures.length ?? 0) > 0);
      retrofitError.value = null;
      if (key === null || !any) {
        retrofit.value = null;
        return undefined;
      }
      retrofitBusy.value = true;
      const abort = new AbortController();
      const timer = setTimeout(() => void ask(key, abort), REST_MS);
      return () => {
        clearTimeout(timer);
        abort.abort();
        retrofitBusy.value = false;
      };
    }),
    effect(() => {
      const found = mapAfter.value ? retrofit.value : null;
      const shown = new Map<string, ById>();
      for (const property of found ? ON_THE_MAP : []) {
        const values = energyValues.value.get(property);
        if (values) shown.set(property, valuesAfter(property, values, found!.each));
      }
      afterwards.value = shown;
    }),
  ];
  return () => {
    ends.forEach((end) => end());
    afterwards.value = new Map();
  };
}
