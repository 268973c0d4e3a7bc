/** What retrofits cost: the curve of the asked buildings, and the blocks ranked by what saving costs in them. */
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { flyToPlace } from '../cesium/camera';
import { stage } from '../cesium/open';
import { locate } from '../client/api';
import { askCurve, askRanking, type CurveAnswer, getInBlock, type RankingAnswer } from '../client/energy';
import { middleOf } from '../energy/costs';
import { asked, follow } from './asking';
import { changeEnergy, energyRun, energyView, type Whose } from './energy';
import { blocks, followMeasures, packages, whoOf } from './retrofit';
import { highlighted } from './store';

/** Buildings of which the server makes a curve. */
export const MOST_IN_CURVE = 50;
/** Buildings that tell where a block lies. */
const ASKED_PLACES = 9;

export const curve = asked<CurveAnswer>();
export const ranking = asked<RankingAnswer>();
/** How many buildings the curve would be of; null until that is known. */
export const inCurve = computed(() => {
  const of = energyView.value?.of ?? null;
  if (of === null) return energyRun.value?.ids.size ?? null;
  return of.kind === 'building' ? 1 : (blocks.value.find(({ id }) => id === of.id)?.buildings ?? null);
});
export const tooMany = computed(() => (inCurve.value ?? 0) > MOST_IN_CURVE);

/** The chosen measures or, where none is, the one whose saving costs least; a package where that is not known. */
export const ranked = computed(() => {
  const chosen = energyView.value?.measures ?? [];
  if (chosen.length > 0) return chosen;
  if (tooMany.value) return packages.value[0]?.measures ?? [];
  const first = curve.answer.value?.steps[0];
  return first ? [first.measure] : [];
});

interface CurveQuestion {
  run: string;
  of: Whose | null;
}

const curveQuestion = computed(() => {
  const run = energyRun.value?.run;
  if (run === undefined || inCurve.value === null || tooMany.value) return null;
  return JSON.stringify({ run, of: energyView.value?.of ?? null } satisfies CurveQuestion);
});

const rankingQuestion = computed(() => {
  const run = energyRun.value?.run;
  const measures = ranked.value;
  return run !== undefined && measures.length > 0 ? JSON.stringify({ run, measures }) : null;
});

/** The block whose buildings stand out, because somebody went there. */
const visited = signal<string | null>(null);

/** Follows the choice while the panel is open; what is returned ends it. */
export function followCosts(): () => void {
  const ends = [
    followMeasures(),
    follow<CurveQuestion, CurveAnswer>(
      curveQuestion,
      ({ run, of }, abort) =>
        askCurve(run, of ? whoOf(of) : { buildings: [...(energyRun.peek()?.ids ?? [])] }, abort),
      curve,
    ),
    follow<{ run: string; measures: string[] }, RankingAnswer>(
      rankingQuestion,
      ({ run, measures }, abort) => askRanking(run, measures, abort),
      ranking,
    ),
    effect(() => {
      const of = energyView.value?.of;
      if (of?.kind === 'block' && of.id === visited.value) return;
      untracked(() => leaveBlock());
    }),
  ];
  return () => {
    ends.forEach((end) => end());
    leaveBlock();
  };
}

function leaveBlock(): void {
  if (visited.value !== null) highlighted.value = new Set();
  visited.value = null;
}

/** Looks at a block: its buildings stand out, the view flies there, and the curve is of it. */
export async function goToBlock(run: string, id: string): Promise<void> {
  batch(() => {
    visited.value = id;
    changeEnergy({ of: { kind: 'block', id } });
  });
  const ids = await getInBlock(run, id);
  if (visited.peek() !== id) return;
  highlighted.value = new Set(ids);
  const every = Math.ceil(ids.length / ASKED_PLACES);
  const places = await Promise.all(ids.filter((_, index) => index % every === 0).map(locate));
  const known = places.filter((place) => place !== null);
  if (known.length === 0 || !stage.value || visited.peek() !== id) return;
  const { at, range } = middleOf(known);
  flyToPlace(stage.value, ...at, range);
}
