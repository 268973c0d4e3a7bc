/** Series of readings as a chart wants them: on one time axis, with gaps, bands and flagged points. */
import type { AlertRule, DatastreamInfo, SensorInfo, SeriesAnswer, SeriesPart } from '../client/sensorTypes';

const HOUR = 3_600_000;
/** A silence of so many usual intervals is a gap. */
const GAP = 3;

export type Values = (number | null | undefined)[];

/** Null: nothing was measured here. Undefined: another series has a point here. */
export interface Column {
  kind: 'value' | 'minimum' | 'maximum' | 'flagged';
  datastream: number;
  values: Values;
}

export interface Table {
  times: number[];
  columns: Column[];
}

/** The middle one of the times between points [ms]; null with less than two points. */
export function usualInterval(times: number[]): number | null {
  if (times.length < 2) return null;
  const steps = times.slice(1).map((time, index) => time - times[index]!);
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)]!;
}

/** After which silence a line is broken [ms]. */
export function gapAfter(answer: Pick<SeriesAnswer, 'step' | 'days'>, times: number[]): number {
  if (answer.step === 'hour') return 1.5 * HOUR;
  if (answer.step === 'day') return 1.5 * 24 * HOUR * (answer.days ?? 1);
  return GAP * (usualInterval(times) ?? Infinity);
}

/** The moments just after the last point before each gap. */
export function gapTimes(times: number[], after: number): number[] {
  const found: number[] = [];
  for (let index = 1; index < times.length; index++) {
    if (times[index]! - times[index - 1]! > after) found.push(times[index - 1]! + 1);
  }
  return found;
}

/** The index of the nearest time, or null when there is none within reach. */
export function nearest(times: number[], wanted: number, reach: number): number | null {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  const around = [low - 1, low].filter((index) => index >= 0 && index < times.length);
  const best = around.sort((a, b) => Math.abs(times[a]! - wanted) - Math.abs(times[b]! - wanted))[0];
  return best !== undefined && Math.abs(times[best]! - wanted) <= reach ? best : null;
}

function spread(
  part: SeriesPart,
  gaps: number[],
  places: Map<number, number>,
  values: (number | null)[],
): Values {
  const column: Values = new Array<number | undefined>(places.size).fill(undefined);
  for (const gap of gaps) column[places.get(gap)!] = null;
  part.times.forEach((time, index) => (column[places.get(time)!] = values[index]));
  return column;
}

/** All series on one time axis. */
export function tableOf(answer: SeriesAnswer): Table {
  const gaps = answer.series.map((part) => gapTimes(part.times, gapAfter(answer, part.times)));
  const times = [...new Set([...answer.series.flatMap((part) => part.times), ...gaps.flat()])];
  times.sort((a, b) => a - b);
  const places = new Map(times.map((time, index) => [time, index]));
  const columns: Column[] = [];
  answer.series.forEach((part, index) => {
    const of = (kind: Column['kind'], values: (number | null)[]) =>
      columns.push({ kind, datastream: part.datastream, values: spread(part, gaps[index]!, places, values) });
    of('value', part.values);
    if (answer.step !== 'raw') {
      of('minimum', part.minimum);
      of('maximum', part.maximum);
    }
    const doubtful = new Set(part.flags.map(([point]) => point));
    of(
      'flagged',
      part.values.map((value, point) => (doubtful.has(point) ? value : null)),
    );
  });
  return { times, columns };
}

/** A series with one more reading; unchanged when it is none, or older than the last. */
export function appended(part: SeriesPart, time: number, value: unknown, flags: string[]): SeriesPart {
  if (typeof value !== 'number' || time <= (part.times.at(-1) ?? -Infinity)) return part;
  const point = part.times.length;
  return {
    ...part,
    times: [...part.times, time],
    values: [...part.values, value],
    minimum: [...part.minimum, value],
    maximum: [...part.maximum, value],
    flags: [...part.flags, ...flags.map((flag): [number, string] => [point, flag])],
  };
}

/** Units in the order in which they first occur; a chart has an axis for each of at most two. */
export const unitsOf = (units: string[]) => [...new Set(units)];

export interface Limit {
  rule: AlertRule;
  value: number;
  unit: string;
}

const same = (a: string | null | undefined, b: string) => a == null || a.toLowerCase() === b.toLowerCase();

/** The thresholds that rules set for some datastreams; what an area picks cannot be told here and is left out. */
export function limitsOf(
  rules: AlertRule[],
  shown: { sensor: SensorInfo; stream: DatastreamInfo }[],
): Limit[] {
  const found = new Map<string, Limit>();
  for (const rule of rules) {
    const parts =
      rule.condition.kind === 'combination'
        ? (rule.condition.parts ?? [])
        : rule.select
          ? [{ select: rule.select, condition: rule.condition }]
          : [];
    for (const { select, condition } of parts) {
      if (!rule.enabled || condition.kind !== 'threshold' || condition.value === undefined || select.area)
        continue;
      for (const { sensor, stream } of shown) {
        const meant =
          same(select.property, stream.property) &&
          same(select.kind, sensor.kind) &&
          same(select.unit, stream.unit) &&
          (select.things == null || select.things.includes(sensor.id)) &&
          (select.datastreams == null || select.datastreams.includes(stream.id));
        const key = `${stream.unit} ${condition.value}`;
        if (meant && !found.has(key)) found.set(key, { rule, value: condition.value, unit: stream.unit });
      }
    }
  }
  return [...found.values()];
}

/** A small line for a series within a box, gaps left open, as the `d` of an SVG path. */
export function sparkPath(times: number[], values: (number | null)[], width: number, height: number): string {
  const numbers = values.filter((value) => value !== null);
  if (numbers.length < 2) return '';
  const [first, last] = [times[0]!, times.at(-1)!];
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const after = GAP * (usualInterval(times) ?? Infinity);
  const x = (time: number) => ((time - first) / (last - first || 1)) * width;
  const y = (value: number) =>
    most === least ? height / 2 : height - ((value - least) / (most - least)) * height;
  let path = '';
  let before: number | null = null;
  times.forEach((time, index) => {
    const value = values[index];
    if (value === null || value === undefined) {
      before = null;
      return;
    }
    const joined = before !== null && time - before <= after;
    path += `${joined ? 'L' : 'M'}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
    before = time;
  });
  return path;
}
