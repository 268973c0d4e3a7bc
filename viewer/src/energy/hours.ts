/** Hours of a year as series for a chart: windows of it, means by day, and tables to take along. */

export interface Line {
  id: string;
  title: string;
  unit: string;
  /** Of the palette of charts. */
  colour: number;
  values: readonly number[];
}

export const WINDOWS = { day: 24, week: 168, year: 8784 } as const;
export type Window = keyof typeof WINDOWS;

/** A window that lies within so many hours, as [first, end). */
export function windowAt(count: number, window: Window, day: number): [number, number] {
  const length = Math.min(count, WINDOWS[window]);
  const first = Math.max(0, Math.min(day * 24, count - length));
  return [first, first + length];
}

/** Means of each day; a last day that is not whole counts as far as it goes. */
export function dailyMeans(values: readonly number[]): number[] {
  const means: number[] = [];
  for (let from = 0; from < values.length; from += 24) {
    const day = values.slice(from, from + 24);
    means.push(day.reduce((sum, value) => sum + value, 0) / day.length);
  }
  return means;
}

/** The day with the greatest mean of some values. */
export function busiestDay(values: readonly number[]): number {
  const means = dailyMeans(values);
  return means.indexOf(Math.max(...means));
}

/** Times [ms since 1970] of so many values. */
export const timesOf = (start: string, step: number, count: number) =>
  Array.from({ length: count }, (_, index) => Date.parse(start) + index * step * 1000);

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** Lines as a CSV file; first, their common column. A value that is not known stays empty. */
export function csvOf(first: string, keys: readonly (string | number)[], lines: readonly Line[]): string {
  const head = [first, ...lines.map(({ title, unit }) => `${title} [${unit}]`)].map(quoted).join(',');
  const cell = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? '' : value);
  const rows = keys.map((key, row) =>
    [
      /[",]/.test(String(key)) ? quoted(String(key)) : key,
      ...lines.map(({ values }) => cell(values[row])),
    ].join(','),
  );
  return `${[head, ...rows].join('\r\n')}\r\n`;
}
