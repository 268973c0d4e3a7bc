/** Flood warnings: what a run leaves is read, sub-basins are told apart, the gravest comes first. */
import { describe, expect, test } from 'vitest';
import { basinMesh, levelColour, warned, type WarningMap, warningsOf } from '../src/flood/warnings';
import { buildingValuesOf, isShowable } from '../src/state/flood';

const MAP: WarningMap = {
  width: 4,
  height: 3,
  cell_size: 10,
  corners: [],
  basins: { href: 'b' },
  elevation: { href: 'e' },
};

const basin = (number: number, level: number, depth: number | null) => ({
  basin: number,
  area: 100,
  depth,
  level,
  error: null,
  point: null,
});

const FILE = {
  levels: [{ level: 1, depth: 0.1, name: { ko: '관심', en: 'Attention' } }],
  map: MAP,
  buildings: { ids: ['a', 'b'], depth: [0.4, null], level: [1, -1] },
  without_way: [],
};
const RESULTS = {
  warnings: { value: FILE },
  basins: { value: { features: [{ geometry: null, properties: basin(1, 1, 0.2) }] } },
  routes: {
    value: {
      features: [
        {
          geometry: {
            coordinates: [
              [128, 35],
              [128.1, 35],
            ],
          },
          properties: { building: 'a', length: 9 },
        },
        { geometry: null, properties: { building: 'b', length: 1 } },
      ],
    },
  },
};

describe('warnings', () => {
  test('of a run, with the ways that have a place', () => {
    const found = warningsOf(RESULTS)!;
    expect(found.basins).toEqual([basin(1, 1, 0.2)]);
    expect(found.routes.map(({ building, line }) => [building, line.length])).toEqual([
      ['a', 2],
      ['b', 0],
    ]);
    expect(warningsOf({ summary: { value: {} } })).toBeNull();
    expect(warningsOf({ ...RESULTS, warnings: { href: '/x' } })).toBeNull();
  });

  test('put a run on the map, and colour its buildings, without any water', () => {
    expect(isShowable(RESULTS)).toBe(true);
    expect(isShowable({})).toBe(false);
    const depth = buildingValuesOf(RESULTS).get('depth')!;
    expect([...depth.byId]).toEqual([['a', 0.4]]);
  });

  test('come gravest first, then deepest; those without a level are left out', () => {
    const all = [basin(1, 1, 0.3), basin(2, 0, 0.01), basin(3, 2, 0.5), basin(4, 1, 0.4), basin(5, -1, null)];
    expect(warned(all).map((one) => one.basin)).toEqual([3, 4, 1]);
    expect(new Set([1, 2, 3, 4].map(levelColour)).size).toBe(4);
  });

  test('cover the squares within one warned sub-basin', () => {
    const cells = Uint16Array.from([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3]);
    const { indices, cells: vertices } = basinMesh(MAP, cells, [
      basin(1, 1, 0.2),
      basin(2, 0, 0),
      basin(3, 1, 1),
    ]);
    expect(vertices).toHaveLength(12);
    expect([...indices]).toEqual([0, 4, 1, 1, 4, 5]);
  });
});
