/** Dwellings by their daylight right: the gravest first, and those that a filter lets through. */
import type { DaylightRight, Dwelling, DwellingLight } from '../client/sun';

export type DaylightFilter = 'all' | 'failing' | 'falling';

export const isDaylightRight = (value: unknown): value is DaylightRight => {
  const found = value as Partial<DaylightRight> | null;
  return Array.isArray(found?.dwellings) && typeof found.rule?.title?.ko === 'string';
};

/** Whether a run says what a plan changes. */
export const hasPlan = (dwellings: readonly Dwelling[]) =>
  dwellings.some(({ passes_after }) => passes_after !== undefined);

export const lightBefore = ({ total_before, spell_before, sky_before, passes_before }: Dwelling) =>
  ({ total: total_before, spell: spell_before, sky: sky_before, passes: passes_before }) as DwellingLight;

/** The light with the plan, or as it is where there is none. */
export const lightAfter = (dwelling: Dwelling): DwellingLight => {
  const { total_after, spell_after, sky_after, passes_after } = dwelling;
  if (passes_after === undefined) return lightBefore(dwelling);
  return { total: total_after, spell: spell_after, sky: sky_after, passes: passes_after } as DwellingLight;
};

const passes: Record<DaylightFilter, (dwelling: Dwelling) => boolean> = {
  all: () => true,
  failing: (dwelling) => !lightAfter(dwelling).passes,
  falling: ({ falls_because_of_plan }) => falls_because_of_plan === true,
};

/** 0 where a plan makes it fall, 1 where it fails anyway, 2 where it passes. */
const gravity = (dwelling: Dwelling) =>
  dwelling.falls_because_of_plan ? 0 : lightAfter(dwelling).passes ? 2 : 1;

const amount = ({ total, spell, sky }: DwellingLight) => total ?? spell ?? sky ?? 0;

/** Those that fall because of the plan first, then those that fail anyway; within both the least lit first. */
export function listed(dwellings: readonly Dwelling[], filter: DaylightFilter): Dwelling[] {
  return dwellings
    .filter(passes[filter])
    .sort((a, b) => gravity(a) - gravity(b) || amount(lightAfter(a)) - amount(lightAfter(b)));
}

export const countOf = (dwellings: readonly Dwelling[], filter: DaylightFilter) =>
  dwellings.filter(passes[filter]).length;
