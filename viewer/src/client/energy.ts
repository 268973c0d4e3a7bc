/** Energy of buildings by a run of the model `energy`: values to colour by, a building, loads, and retrofits. */
import { get, post } from './api';
import type { Localized } from './types';

export const NEEDS = ['heating', 'cooling', 'hot_water', 'lighting', 'appliances', 'fans'] as const;
export type Need = (typeof NEEDS)[number];

export interface EnergyClass {
  value: number;
  title: Localized;
  color: string;
}

/** What buildings can be coloured by. low, high: between which colours reach. */
export type EnergyProperty = { id: string; title: Localized; unit: string } & (
  { kind: 'number'; low: number; high: number; colors: string[] } | { kind: 'class'; classes: EnergyClass[] }
);

export interface EnergyValues {
  property: string;
  ids: string[];
  values: (number | null)[];
}

export interface EnergyScope {
  id: string;
  title: Localized;
  final: number;
  primary: number;
  self_sufficiency_final: number | null;
  self_sufficiency_primary: number | null;
  grade: number | null;
  /** Uses that belong to the scope and that the run does not know. */
  missing: string[];
}

export interface EnergySummary {
  buildings: number;
  floor_area: number;
  year: number;
  weather: { source: string; made_up: boolean };
  currency: string | null;
  /** Of the grades. */
  scheme: string;
  need: Record<Need, number>;
  final_total: number;
  /** Null, as the other sums, where nobody knows. */
  primary: number | null;
  co2: number | null;
  cost: number | null;
  pv: { power: number; yield: number; self_consumed: number } | null;
  self_sufficiency: { final: number | null; primary: number | null; grade: number | null };
  scopes: EnergyScope[];
  grades: Record<string, number>;
  measured: { buildings: number; meters: number; meets: number } | null;
  guesses: { buildings: number; figures: Record<string, number> };
  doubts_total: number;
  notes: string[];
}

/** [kWh] by month; °C of the air outside. */
export type Months = Record<Need, number[]> & { pv: number[] | null; temperature: number[] };

/** Mean power of each hour [kW], temperatures [°C]. */
export interface HourSeries {
  heating: number[];
  cooling: number[];
  electricity: number[];
  pv: number[] | null;
  net?: number[];
  temperature?: number[];
  outside?: number[];
}

export type YearHours = HourSeries & { start: string; step: number };

export interface EnvelopeRow {
  part: string;
  boundary: string;
  orientation: string;
  /** [m²] */
  area: number;
  /** [W/(m²K)] */
  u_value: number;
  g_value: number | null;
  origin: string;
  /** [W/K], null where the neighbour is as warm. */
  loss: number | null;
}

/** A meter beside what was simulated [kWh by month]. cv_rmse, nmbe: shares, by ASHRAE guideline 14. */
export interface Metered {
  monthly: (number | null)[];
  simulated: number[];
  cv_rmse: number | null;
  nmbe: number | null;
  meets: boolean | null;
}

export interface EnergyPeers {
  n: number;
  value: number | null;
  percentile: number | null;
  p10: number;
  p50: number;
  p90: number;
}

export interface BuildingEnergy {
  id: string;
  block: string;
  use: { id: string; title: Localized };
  system: { id: string; title: Localized };
  year: number | null;
  storeys: number | null;
  floor_area: number;
  volume: number;
  grade: number | null;
  self_sufficiency: number | null;
  /** Figure → measured, attribute, archetype or guess. */
  origins: Record<string, string>;
  guesses: string[];
  doubts: { figure: string; text: Localized }[];
  need: Record<Need, number>;
  per_area: Record<string, number | null>;
  final: Record<string, number>;
  final_total: number;
  primary: number | null;
  co2: number | null;
  cost: number | null;
  currency: string | null;
  heating_peak: number;
  cooling_peak: number;
  overheating: number;
  pv: { power: number; yield: number; self_consumed: number | null; autarky: number | null } | null;
  window_share: number | null;
  monthly: Months;
  typical: Record<'january' | 'april' | 'july' | 'october', HourSeries>;
  envelope: EnvelopeRow[];
  /** By what is metered. */
  measured: Record<string, Metered> | null;
  peers: EnergyPeers | null;
  year_hourly?: YearHours;
}

export interface LoadGroup {
  id: string;
  title?: Localized;
  buildings?: number;
}

export type GroupKind = 'district' | 'block' | 'use';

/** net: electricity that is bought, negative where it is sold. */
export interface EnergyLoad {
  groups: LoadGroup[];
  start: string;
  step: number;
  heating: number[];
  cooling: number[];
  electricity: number[];
  pv: number[] | null;
  net: number[];
  peak: Record<'heating' | 'cooling' | 'electricity' | 'net', { kW: number; at: string }>;
  duration: { share: number[]; electricity: number[]; net: number[] };
}

export interface Measure {
  id: string;
  kind: string;
  part: string | null;
  title: Localized;
  cost: number | null;
  unit: string | null;
  currency: string | null;
  price_year: number | null;
  source: string;
  cost_source: string | null;
}

/** Measures that go together. */
export interface Package {
  id: string;
  title: Localized;
  measures: string[];
}

/** net: own power taken off [kWh, kg]. */
export interface RetrofitSide {
  net: { final: number | null; primary: number | null; co2: number | null };
  cost: number | null;
  heating_peak: number;
  cooling_peak: number;
  overheating: number;
  self_sufficiency: number | null;
  grade: number | null;
}

export interface RetrofitAnswer {
  buildings: number;
  before: RetrofitSide;
  after: RetrofitSide;
  investment: number | null;
  currency: string | null;
  unknown_costs: string[];
  /** Of the bill of a year; null where prices are not known. */
  saving: number | null;
  /** [a]; null where it is not known, or where nothing is saved. */
  payback: number | null;
  each: {
    id: string;
    grade_before: number | null;
    grade_after: number | null;
    primary_before: number;
    primary_after: number;
  }[];
}

/** Whose retrofit: some buildings, or all of a block. */
export type RetrofitWho = { buildings: string[] } | { block: string };

/** A measure upon those before it: what it saves [kWh/a], net of own power. */
export interface CurveStep {
  measure: string;
  title: Localized;
  saved_final: number | null;
  /** Null, as the cost of a saved kilowatt hour, where nobody knows it. */
  investment: number | null;
  cost_per_kwh: number | null;
  grade_after: number | null;
}

export interface CurveAnswer {
  buildings: number;
  grade_before: number | null;
  /** The cheapest saving first; those of unknown cost last. */
  steps: CurveStep[];
  /** Measures that save nothing here, or that another stands for. */
  left_out: string[];
}

export interface RankedBlock {
  id: string;
  buildings: number;
  saved_final: number | null;
  investment: number | null;
  cost_per_kwh: number | null;
  /** [a] */
  payback: number | null;
}

export interface RankingAnswer {
  currency: string | null;
  unknown_costs: string[];
  /** The cheapest saving first; those of unknown cost by what they save. */
  blocks: RankedBlock[];
}

const at = (run: string) => `/energy/runs/${encodeURIComponent(run)}`;

export const getProperties = async (run: string) =>
  (await get<{ properties: EnergyProperty[] }>(`${at(run)}/values`)).properties;

export const getValues = (run: string, property: string, abort?: AbortSignal) =>
  get<EnergyValues>(`${at(run)}/values?property=${encodeURIComponent(property)}`, abort);

/** hourly: with all hours of the year. */
export const getBuilding = (run: string, id: string, hourly: boolean, abort: AbortSignal) =>
  get<BuildingEnergy>(`${at(run)}/buildings/${encodeURIComponent(id)}${hourly ? '?hourly=true' : ''}`, abort);

export const getGroups = async (run: string, group: GroupKind, abort?: AbortSignal) =>
  (await get<{ groups: LoadGroup[] }>(`${at(run)}/load?group=${group}&step=month`, abort)).groups;

export const getLoad = (run: string, group: GroupKind, of: string, abort: AbortSignal) =>
  get<EnergyLoad>(`${at(run)}/load?group=${group}&of=${encodeURIComponent(of)}`, abort);

export const getMeasures = (run: string) =>
  get<{ measures: Measure[]; packages: Package[] }>(`/energy/measures?run=${encodeURIComponent(run)}`);

export const askRetrofit = (run: string, who: RetrofitWho, measures: string[], abort: AbortSignal) =>
  post<RetrofitAnswer>('/energy/retrofit', { run, ...who, measures }, {}, abort);

export const askCurve = (run: string, who: RetrofitWho, abort: AbortSignal) =>
  post<CurveAnswer>('/energy/retrofit/curve', { run, ...who }, {}, abort);

export const askRanking = (run: string, measures: string[], abort: AbortSignal) =>
  post<RankingAnswer>('/energy/retrofit/blocks', { run, measures }, {}, abort);

/** Ids of the buildings of a block. */
export async function getInBlock(run: string, block: string): Promise<string[]> {
  const path = `${at(run)}/buildings?limit=1000&block=${encodeURIComponent(block)}`;
  return (await get<{ buildings: { id: string }[] }>(path)).buildings.map(({ id }) => id);
}
