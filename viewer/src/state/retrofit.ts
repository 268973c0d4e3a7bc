/** What the chosen measures change: asked for when they have come to rest, and shown on the map if wanted. */
import { computed, effect, signal } from '@preact/signals';
import {
  askRetrofit,
  getGroups,
  getMeasures,
  type LoadGroup,
  type Measure,
  type Package,
  type RetrofitAnswer,
} from '../client/energy';
import { valuesAfter } from '../energy/retrofit';
import { asked, follow } from './asking';
import {
  afterwards,
  type ById,
  changeEnergy,
  energyRun,
  energyValues,
  energyView,
  type Whose,
} from './energy';
import { detailOf } from './runs';

const ON_THE_MAP = ['grade', 'primary_per_area'] as const;

export const measures = signal<Measure[]>([]);
export const packages = signal<Package[]>([]);
/** Of the shown run, with how many buildings each has. */
export const blocks = signal<LoadGroup[]>([]);
export const measuresError = signal<string | null>(null);
export const retrofit = asked<RetrofitAnswer>();
/** Whether the map shows the buildings with the measures. */
export const mapAfter = signal(false);

export const chooseMeasures = (chosen: string[]) => changeEnergy({ measures: chosen });

/** How the server is told of whom something is asked. */
export const whoOf = ({ kind, id }: Whose) => (kind === 'building' ? { buildings: [id] } : { block: id });

interface Question {
  run: string;
  of: Whose;
  chosen: string[];
}

const question = computed(() => {
  const { of = null, measures: chosen = [] } = energyView.value ?? {};
  const run = energyRun.value?.run;
  const whole: Question | null = run !== undefined && of && chosen.length > 0 ? { run, of, chosen } : null;
  return whole && JSON.stringify(whole);
});

/** Fetches the measures and blocks of the shown run; what is returned ends it. */
export function followMeasures(): () => void {
  return effect(() => {
    const run = energyRun.value?.run;
    if (run === undefined) return;
    Promise.all([getMeasures(run), getGroups(run, 'block')])
      .then(([found, groups]) => {
        if (energyRun.peek()?.run !== run) return;
        measures.value = found.measures;
        packages.value = found.packages;
        blocks.value = groups;
        measuresError.value = null;
      })
      .catch((error: unknown) => (measuresError.value = detailOf(error)));
  });
}

/** Follows the choice while the panel is open; what is returned ends it. */
export function followRetrofit(): () => void {
  const ends = [
    followMeasures(),
    follow<Question, RetrofitAnswer>(
      question,
      ({ run, of, chosen }, abort) => askRetrofit(run, whoOf(of), chosen, abort),
      retrofit,
    ),
    effect(() => {
      const first = blocks.value[0];
      if (energyView.value?.of === null && first) changeEnergy({ of: { kind: 'block', id: first.id } });
    }),
    effect(() => {
      const found = mapAfter.value ? retrofit.answer.value : null;
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
