/** Energy: colours, grades, hours, retrofits and links. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EnergyProperty, Measure, RetrofitSide } from '../src/client/energy';
import { classesOf, energyClassifier, gradeColour, gradeInk, paler } from '../src/energy/colours';
import { nextGrade, SCHEMES } from '../src/energy/grades';
import { busiestDay, csvOf, dailyMeans, timesOf, windowAt } from '../src/energy/hours';
import { changesOf, paybackOf, slots, switched, valuesAfter } from '../src/energy/retrofit';
import { energyText, energyUnit, valueText } from '../src/energy/text';
import { NO_DATA } from '../src/layers/ramps';
import { roundUp } from '../src/panels/MonthBars';
import { readEnergy, writeEnergy } from '../src/state/shareEnergy';

const TABLE = join(import.meta.dirname, '../../analysis/data/energy/zeb_grades.csv');

test('grades begin where the schemes of the analysis say', () => {
  const rows = readFileSync(TABLE, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const found: Record<string, { grade: string; from: number }[]> = {};
  for (const [scheme, , grade, from] of rows) {
    (found[scheme!] ??= []).push({ grade: grade!, from: Number(from) });
  }
  expect(SCHEMES).toEqual(found);
});

test('the next grade is the least better one, and the best has none', () => {
  expect(nextGrade('kr-zeb-2017', 0.18)).toEqual({ grade: '5', missing: expect.closeTo(0.02) });
  expect(nextGrade('kr-zeb-2017', 0.6)).toEqual({ grade: '2', missing: expect.closeTo(0.2) });
  expect(nextGrade('kr-zeb-2017', 1)).toBeNull();
  expect(nextGrade('kr-zeb-2025', 1)).toEqual({ grade: '1+', missing: expect.closeTo(0.2) });
  expect(nextGrade('other', 0.5)).toBeNull();
  expect(nextGrade('kr-zeb-2017', null)).toBeNull();
});

const luminance = (hex: string) => {
  const part = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
};
const contrast = (one: string, other: string) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

test('grades are told apart by lightness alone, and their marks can be read', () => {
  const order = [1, 2, 3, 4, 5].map((grade) => luminance(gradeColour(grade)));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  for (let k = 1; k < order.length; k++) expect(order[k]! / order[k - 1]!).toBeGreaterThan(1.2);
  for (const grade of [null, 1, 2, 3, 4, 5])
    expect(contrast(gradeColour(grade), gradeInk(grade)), String(grade)).toBeGreaterThan(4.5);
});

const title = { en: 'a', ko: '가' };
const ramp: EnergyProperty = {
  id: 'primary_per_area',
  title,
  unit: 'kW.h/m2',
  kind: 'number',
  low: 100,
  high: 200,
  colors: ['#000000', '#808080', '#ffffff'],
};

test('numbers take the colours of the ramp between its ends, classes their own', () => {
  const { colour, range } = energyClassifier(ramp);
  expect([50, 100, 150, 200, 400].map(colour)).toEqual([
    '#000000',
    '#000000',
    '#808080',
    '#ffffff',
    '#ffffff',
  ]);
  expect(range).toEqual([100, 200]);
  expect(colour(undefined)).toBe(NO_DATA);
  expect(energyClassifier({ ...ramp, high: 100 }).range).toEqual([100, 110]);
  const classes = [0, 1, 5].map((value) => ({ value, title, color: '#123456' }));
  const grade: EnergyProperty = { id: 'grade', title, unit: '1', kind: 'class', classes };
  expect(energyClassifier(grade).colour(5)).toBe(gradeColour(5));
  expect(energyClassifier(grade).colour(3)).toBe(NO_DATA);
  const many = Array.from({ length: 9 }, (_, value) => ({ value, title, color: '#123456' }));
  expect(new Set(classesOf({ ...grade, id: 'use' }).map(({ color }) => color)).size).toBe(3);
  expect(classesOf({ ...grade, id: 'use', classes: many })[8]!.color).toBe('#123456');
  expect(luminance(paler('#253494'))).toBeGreaterThan(2 * luminance('#253494'));
});

test('a window stays within the year, and the busiest day is found', () => {
  expect(windowAt(8760, 'week', 10)).toEqual([240, 408]);
  expect(windowAt(8760, 'week', 364)).toEqual([8592, 8760]);
  expect(windowAt(8760, 'year', 100)).toEqual([0, 8760]);
  const values = Array.from({ length: 60 }, (_, hour) => (hour >= 24 && hour < 48 ? 3 : 1));
  expect(dailyMeans(values)).toEqual([1, 3, 1]);
  expect(busiestDay(values)).toBe(1);
  expect(timesOf('2023-01-01T00:30:00+09:00', 3600, 2)).toEqual([
    Date.UTC(2022, 11, 31, 15, 30),
    Date.UTC(2022, 11, 31, 16, 30),
  ]);
});

test('a table has a column for each line', () => {
  const line = { id: 'a', title: 'Heating "1"', unit: 'kW', colour: 0, values: [1, 2.5] };
  expect(csvOf('time', ['00:00', '01:00'], [line])).toBe(
    '"time","Heating ""1"" [kW]"\r\n00:00,1\r\n01:00,2.5\r\n',
  );
  const gap = { ...line, title: 'Measured', values: [Number.NaN, 2] };
  expect(csvOf('time', ['Jan 1, 2026, 12:00 AM', 'Jan 1, 2026, 1:00 AM'], [gap])).toBe(
    '"time","Measured [kW]"\r\n"Jan 1, 2026, 12:00 AM",\r\n"Jan 1, 2026, 1:00 AM",2\r\n',
  );
});

const measure = (id: string, kind: string, part: string | null = null): Measure => ({
  id,
  kind,
  part,
  title,
  cost: null,
  unit: null,
  currency: null,
  price_year: null,
  source: '',
  cost_source: null,
});
const KNOWN = [
  measure('wall', 'insulation', 'wall'),
  measure('double', 'windows'),
  measure('roof', 'insulation', 'roof'),
  measure('triple', 'windows'),
];

test('of measures for the same thing one is chosen at most', () => {
  expect(switched(['wall'], 'double', KNOWN)).toEqual(['wall', 'double']);
  expect(switched(['wall', 'double'], 'triple', KNOWN)).toEqual(['wall', 'triple']);
  expect(switched(['wall', 'triple'], 'wall', KNOWN)).toEqual(['triple']);
  expect(slots(KNOWN).map((slot) => slot.map(({ id }) => id))).toEqual([
    ['wall'],
    ['double', 'triple'],
    ['roof'],
  ]);
});

test('bars have a common length, and what is not known is left out', () => {
  const side = (primary: number, co2: number): RetrofitSide => ({
    net: { final: 10, primary, co2 },
    cost: null,
    heating_peak: 0,
    cooling_peak: 0,
    overheating: 0,
    self_sufficiency: null,
    grade: null,
  });
  const [primary, , co2] = changesOf(side(200, 100), side(50, -20));
  expect(primary).toMatchObject({ id: 'primary', change: -0.75, bars: [1, 0.25] });
  expect(co2).toMatchObject({ id: 'co2', change: -1.2, bars: [1, 0] });
  expect(changesOf(side(1, 1), side(1, 1)).map(({ id }) => id)).toEqual(['primary', 'final', 'co2']);
});

test('a retrofit changes the values of its buildings alone', () => {
  const each = [
    { id: 'a', grade_before: null, grade_after: 4, primary_before: 1000, primary_after: 250 },
    { id: 'b', grade_before: 2, grade_after: null, primary_before: 0, primary_after: 0 },
  ];
  const grades = new Map([
    ['a', 0],
    ['b', 2],
    ['c', 3],
  ]);
  expect([...valuesAfter('grade', grades, each)]).toEqual([
    ['a', 4],
    ['b', 0],
    ['c', 3],
  ]);
  const primary = new Map([
    ['a', 120],
    ['b', 80],
  ]);
  expect([...valuesAfter('primary_per_area', primary, each)]).toEqual([
    ['a', 30],
    ['b', 80],
  ]);
});

test('figures are written as people read them', () => {
  expect(energyUnit('kW.h/m2')).toBe('kWh/(m²·a)');
  expect(energyUnit('kg/m2')).toBe('kg/(m²·a)');
  expect(energyUnit('kW.h')).toBe('kWh');
  expect(energyUnit('1')).toBe('');
  expect(energyUnit('W/(m2.K)')).toBe('W/(m2.K)');
  expect(valueText({ id: 'self_sufficiency', unit: '1' }, 0.278)).toBe('28 %');
  expect(valueText({ id: 'year', unit: 'a' }, 2020)).toBe('2020');
  expect([950, 12_340, 2_345_000].map(energyText)).toEqual(['950 kWh', '12.3 MWh', '2.35 GWh']);
  expect([0, 7, 131, 1999, 2001].map(roundUp)).toEqual([1, 8, 150, 2000, 2500]);
});

test('a link keeps the run, whose retrofit it is, and the measures', () => {
  const view = {
    run: '1m81',
    of: { kind: 'building', id: 'DE~1/a' } as const,
    measures: ['pv', 'windows_triple'],
  };
  expect(writeEnergy(view)).toBe('1m81~bDE%7E1%2Fa~pv~windows_triple');
  expect(readEnergy(writeEnergy(view))).toEqual(view);
  expect(readEnergy('r')).toEqual({ run: 'r', of: null, measures: [] });
  expect(readEnergy('r~kblock 1')).toEqual({ run: 'r', of: { kind: 'block', id: 'block 1' }, measures: [] });
  expect(readEnergy('r~x')).toEqual({ run: 'r', of: null, measures: [] });
  expect(readEnergy('')).toBeUndefined();
});

test('a payback is told only where money and prices are known, and never where nothing is saved', () => {
  expect(paybackOf({ investment: 1000, saving: 100, payback: 10 })).toBe(10);
  expect(paybackOf({ investment: 1000, saving: -5, payback: null })).toBe(Infinity);
  expect(paybackOf({ investment: 1000, saving: null, payback: null })).toBeNull();
  expect(paybackOf({ investment: null, saving: 100, payback: null })).toBeNull();
});
