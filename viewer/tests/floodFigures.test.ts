/** What a flood's water is painted by, and its storm drains. */
import { describe, expect, test } from 'vitest';
import { type Figure, gradeOf, legendColours, legendShare, paintOf } from '../src/flood/figures';
import { meshOf, type WaterFile } from '../src/flood/grid';
import { isSewersFile, Sewers, type SewersFile } from '../src/flood/sewers';
import { GRADES } from '../src/layers/ramps';
import { readHash, writeHash } from '../src/state/share';

const text = (name: string) => ({ en: name, ko: name });
const HAZARD: Figure = {
  name: 'hazard',
  href: 'h',
  legend: {
    title: text('hazard'),
    unit: '',
    classes: [0, 0.75, 1.25, 2].map((from) => ({ from, title: text(String(from)) })),
  },
};

describe('figures of the water', () => {
  test('a value has the grade whose least value it reaches', () => {
    const { classes } = HAZARD.legend;
    expect([0, 0.74, 0.75, 1.9, 2, 50].map((value) => gradeOf(classes!, value))).toEqual([0, 0, 1, 2, 3, 3]);
    expect(
      [0, 0.74, 0.75, 1.9, 2, 50].map((value) => Math.floor(legendShare(HAZARD.legend, value) * 4)),
    ).toEqual([0, 0, 1, 2, 3, 3]);
    expect(legendColours(HAZARD)).toEqual([...GRADES]);
  });

  test('stops stand at equal distances, beyond them is their end', () => {
    const legend = { title: text('speed'), unit: 'm/s', stops: [0, 1, 4] };
    expect([0, 0.5, 1, 2.5, 9].map((value) => legendShare(legend, value))).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  test('where nothing is known nothing is drawn, and its colour is that of its neighbours', () => {
    const file = { width: 3, height: 2 } as WaterFile;
    const maximum = new Uint16Array(6).fill(400);
    const values = Float32Array.from([Number.NaN, 1.25, 1.25, Number.NaN, Number.NaN, Number.NaN]);
    const target = new Float32Array(24);
    paintOf(meshOf(file, maximum), maximum, new Float32Array(6), HAZARD, values, target);
    expect([...target.slice(0, 8)]).toEqual([0.4, 0, 0.4, 0.5, 0.4, 0.4, 0.4, 0.5].map(Math.fround));
    expect([...target.slice(12, 16)]).toEqual([0.4, 0, 0.4, 0.5].map(Math.fround));
  });

  test('the figure that is shown and hidden drains are part of the link', () => {
    const flood = {
      run: 'a',
      visible: true,
      mode: 'hazard',
      opacity: 0.5,
      drains: false,
      routes: true,
      time: 0,
    };
    expect(readHash(writeHash({ flood })).flood).toEqual(flood);
  });

  test('whether sub-basins and ways are shown is part of the link once it was chosen', () => {
    const flood = { run: 'a', visible: true, mode: 'time', opacity: 0.5, drains: true, time: 0 };
    for (const basins of [true, false]) {
      const chosen = { ...flood, basins, routes: !basins };
      expect(readHash(writeHash({ flood: chosen })).flood).toEqual(chosen);
    }
    expect(readHash('#r=a~1~0~0.5').flood).toEqual({ ...flood, routes: true });
  });
});

describe('storm drains', () => {
  const columns = { surcharge: 2, above_rim: 2, exchange: 2, fill: 1, flow: 1 };
  const rows: Record<string, number[]> = {
    surcharge: [0, 0, 0, 0.5, 0, 0.5],
    above_rim: [-1, -1, -1, -0.5, 0.2, -0.5],
    exchange: [0, 0, 0, 0, 0.1, 0],
    fill: [0.2, 0.6, 1],
    flow: [0, 0.5, -0.2],
  };
  const variables: Record<string, { shape: [number, number]; offset: number }> = {};
  const all: number[] = [];
  for (const [name, count] of Object.entries(columns)) {
    variables[name] = { shape: [3, count], offset: all.length * 4 };
    all.push(...rows[name]!);
  }
  const file = { geometry: 'g', data: 'd', time: [0, 60, 120], variables } as unknown as SewersFile;
  const node = { kind: 'node', id: 'M', index: 0, type: 'junction', invert: 1, rim: 3, depth: 2 } as const;
  const drains = Sewers.of(
    file,
    [{ geometry: { coordinates: [128, 35, 30] }, properties: node }],
    Float32Array.from(all).buffer,
  );

  test('a node is over its rim, surcharged, or free, as its levels say', () => {
    expect([0, 60, 120, 'greatest' as const].map((at) => drains.stateOf(0, at))).toEqual([
      'free',
      'free',
      'over',
      'over',
    ]);
    expect([0, 60, 'greatest' as const].map((at) => drains.stateOf(1, at))).toEqual([
      'free',
      'surcharged',
      'surcharged',
    ]);
    expect(drains.heads(drains.nodes.get(0)!)[2]).toBeCloseTo(3.2);
  });

  test('a pipe has a grade by its fill, and values between two times', () => {
    expect([0, 60, 120].map((at) => drains.gradeOf(0, at))).toEqual([0, 1, 3]);
    expect(drains.valueAt('flow', 0, 30)).toBeCloseTo(0.25);
    expect(drains.valueAt('flow', 0, 'greatest')).toBeCloseTo(0.5);
  });

  test('their file is told from other results', () => {
    expect(isSewersFile(file)).toBe(true);
    expect([null, 3, {}, { geometry: 'x', time: [] }].some(isSewersFile)).toBe(false);
  });
});
