/** What measures do to buildings, for the panel and the map. */
import type { Measure, RetrofitAnswer, RetrofitSide } from '../client/energy';

const slotOf = ({ kind, part }: Measure) => `${kind} ${part ?? ''}`;

/** The chosen measures after one is switched; of those for the same thing a building gets one at most. */
export function switched(chosen: readonly string[], id: string, known: readonly Measure[]): string[] {
  if (chosen.includes(id)) return chosen.filter((one) => one !== id);
  const slot = known.filter((one) => one.id === id).map(slotOf)[0];
  const rivals = new Set(known.filter((one) => slotOf(one) === slot).map((one) => one.id));
  return [...chosen.filter((one) => !rivals.has(one)), id];
}

/** Measures in the order of the server, those for the same thing together. */
export function slots(known: readonly Measure[]): Measure[][] {
  const found = new Map<string, Measure[]>();
  for (const measure of known) found.set(slotOf(measure), [...(found.get(slotOf(measure)) ?? []), measure]);
  return [...found.values()];
}

export const COMPARED = ['primary', 'final', 'co2', 'cost'] as const;
export type Compared = (typeof COMPARED)[number];

export interface Change {
  id: Compared;
  before: number;
  after: number;
  /** Of the value before, as a share; null where that is not positive. */
  change: number | null;
  /** Lengths of bars, 0 to 1; nothing for a figure below zero. */
  bars: [number, number];
}

/** Figures before and after, own power taken off; those that are not known are left out. */
export function changesOf(before: RetrofitSide, after: RetrofitSide): Change[] {
  return COMPARED.flatMap((id) => {
    const [one, other] = [before, after].map((side) => (id === 'cost' ? side.cost : side.net[id]));
    if (one == null || other == null) return [];
    const most = Math.max(one, other, 0) || 1;
    const bars: [number, number] = [Math.max(0, one / most), Math.max(0, other / most)];
    return [{ id, before: one, after: other, change: one > 0 ? other / one - 1 : null, bars }];
  });
}

/** Years until an investment has paid itself back; null where that is not known. */
export function paybackOf(found: Pick<RetrofitAnswer, 'investment' | 'saving' | 'payback'>): number | null {
  if (found.investment === null || found.saving === null) return null;
  return found.payback ?? Infinity;
}

/** Values of buildings with those that a retrofit changes: their grade, and primary energy by area. */
export function valuesAfter(
  property: 'grade' | 'primary_per_area',
  values: ReadonlyMap<string, number>,
  each: RetrofitAnswer['each'],
): Map<string, number> {
  const found = new Map(values);
  for (const one of each) {
    const before = values.get(one.id);
    if (property === 'grade') found.set(one.id, one.grade_after ?? 0);
    else if (before !== undefined && one.primary_before > 0)
      found.set(one.id, (before * one.primary_after) / one.primary_before);
  }
  return found;
}
