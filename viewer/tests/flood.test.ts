/** A flood's grid, its surface and colours, and the form of a run. */
import { describe, expect, test } from 'vitest';
import type { Process } from '../src/client/runs';
import {
  cellAt,
  depthShare,
  filled,
  framesAt,
  meshOf,
  placeAt,
  sampled,
  shareAt,
  strideOf,
  surfaceOf,
  type WaterFile,
} from '../src/flood/grid';
import { arranged, choicesOf, fieldKind, readField, readForm } from '../src/runs/form';
import { roundSeconds } from '../src/runs/text';
import { clockOf } from '../src/runs/text';
import { buildingValuesOf, runValueOf, waterFileOf } from '../src/state/flood';
import { readHash, writeHash } from '../src/state/share';

const FILE: WaterFile = {
  width: 4,
  height: 3,
  cell_size: 10,
  times: [0, 60, 180],
  corners: [
    [128, 35.003, 30],
    [128.004, 35.0032, 31],
    [128.0041, 35.0001, 32],
    [128.0001, 35, 31],
  ],
  elevation: { href: 'e' },
  frames: { href: 'f', count: 3 },
  maximum: { href: 'm' },
  legend: { title: { ko: '물', en: 'Water' }, unit: 'm', stops: [0.02, 0.1, 0.5, 1, 2, 5] },
};

describe('the grid', () => {
  test('a place and its shares are each other’s inverse, also in a crooked quadrangle', () => {
    for (const [across, down] of [
      [0, 0],
      [1, 1],
      [0.25, 0.8],
    ] as const) {
      const [lon, lat] = placeAt(FILE.corners, across, down);
      const [a, d] = shareAt(FILE.corners, lon, lat);
      expect(a).toBeCloseTo(across, 8);
      expect(d).toBeCloseTo(down, 8);
    }
    expect(placeAt(FILE.corners, 0.5, 0.5)[2]).toBeCloseTo(31);
  });

  test('a cell is counted from the north-west; outside there is none', () => {
    const [lon, lat] = placeAt(FILE.corners, 0.9, 0.1);
    expect(cellAt(FILE, lon, lat)).toEqual({ row: 0, column: 3 });
    expect(cellAt(FILE, 127.9, 35)).toBeNull();
  });

  test('large grids are thinned to 400 along a side, the last cell is kept', () => {
    expect(strideOf({ width: 400, height: 10 })).toBe(1);
    expect(strideOf({ width: 401, height: 10 })).toBe(2);
    expect(sampled(6, 2)).toEqual([0, 2, 4, 5]);
  });

  test('holes of the ground take its least height', () => {
    expect([...filled(Float32Array.from([3, Number.NaN, 2]))]).toEqual([3, 2, 2]);
  });
});

describe('the surface', () => {
  const maximum = Uint16Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 500]);

  test('only squares that are wet at some time have triangles', () => {
    const mesh = meshOf(FILE, maximum);
    expect(mesh.cells).toHaveLength(12);
    expect([...new Set(mesh.indices)].sort((a, b) => a - b)).toEqual([6, 7, 10, 11]);
  });

  test('water stands on the ground, and beside it runs level into higher ground', () => {
    const mesh = meshOf(FILE, maximum);
    const ground = new Float32Array(12).fill(1);
    ground[10] = 3;
    const target = new Float32Array(48);
    surfaceOf(mesh, maximum, ground, target, 2);
    expect(target[11 * 4 + 2]).toBe(0.5);
    expect(target[11 * 4 + 3]).toBe(0.5);
    expect(target[10 * 4 + 2]).toBeCloseTo(1.5 - 3);
    expect(target[10 * 4 + 3]).toBe(0);
    expect(target[0]).toBe(0);
  });

  test('time lies between two frames', () => {
    expect(framesAt(FILE.times, 120)).toEqual({ before: 1, after: 2, share: 0.5 });
    expect(framesAt(FILE.times, -5)).toEqual({ before: 0, after: 0, share: 0 });
    expect(framesAt(FILE.times, 999)).toEqual({ before: 2, after: 2, share: 0 });
  });

  test('stops stand at equal distances on the ramp', () => {
    const { stops } = FILE.legend;
    expect(stops.map((stop) => depthShare(stop, stops))).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(depthShare(0.75, stops)).toBeCloseTo(0.5);
    expect(depthShare(9, stops)).toBe(1);
  });

  test('times are read as on a stop watch', () => {
    expect(clockOf(3900, 7200)).toBe('1:05');
    expect(clockOf(65, 300)).toBe('1:05');
  });
});

describe('results', () => {
  test('water and buildings are found by what they hold', () => {
    const results = {
      a: { href: '/x' },
      w: { value: FILE },
      b: { value: { ids: ['x', 'y'], depth: [0.5, null], damage: [10, 30], currency: 'EUR' } },
    };
    expect(waterFileOf(results)).toBe(FILE);
    const values = buildingValuesOf(results);
    expect([...values.get('depth')!.byId]).toEqual([['x', 0.5]]);
    expect(values.get('damage')).toMatchObject({ unit: 'EUR', range: [0, 30] });
    expect(runValueOf('run:damage')).toBe('damage');
    expect(runValueOf('reading:depth')).toBeNull();
  });

  test('the shown flood is part of the link', () => {
    const flood = {
      run: 'a~b',
      visible: true,
      mode: 'time',
      opacity: 0.5,
      drains: true,
      routes: true,
      time: 600,
    } as const;
    expect(readHash(writeHash({ flood })).flood).toEqual(flood);
    expect(readHash(writeHash({ flood: { ...flood, mode: 'maximum' } })).flood?.mode).toBe('maximum');
    expect(readHash('#r=x~1~zz~zz').flood).toMatchObject({ run: 'x', time: 0, opacity: 0.9 });
  });
});

describe('the form of a run', () => {
  const input = (schema: object, minOccurs = 0) => ({ title: 't', minOccurs, schema });
  const PROCESS: Process = {
    id: 'p',
    title: 'P',
    description: '',
    outputs: {},
    inputs: {
      rain: input({ type: 'number', default: 60, 'x-ogc-unit': 'mm/h' }),
      scheme: input({ type: 'string', enum: ['a', 'b'], default: 'a' }),
      file: input({ type: 'string', format: 'uri-reference' }),
      files: input({ type: 'array', items: { type: 'string', format: 'uri-reference' } }),
      fit: input({ type: 'array', items: { type: 'string', enum: ['x', 'y'] }, default: ['x'] }),
      area: input({ type: 'array', format: 'ogc-bbox' }),
      gauges: input({ type: 'array', items: { type: 'number' } }),
      more: input({ type: 'object' }, 1),
    },
  };

  test('each schema has its kind of field', () => {
    const kinds = Object.values(PROCESS.inputs).map(({ schema }) => fieldKind(schema));
    expect(kinds).toEqual(['number', 'choice', 'file', 'files', 'choices', 'box', 'list', 'json']);
    expect(arranged(PROCESS)).toEqual({
      plain: ['rain', 'scheme', 'area', 'more'],
      more: ['file', 'files', 'fit', 'gauges'],
    });
  });

  test('what is as the model has it is not sent; what cannot be read is named', () => {
    const area: [number, number, number, number] = [1, 2, 3, 4];
    expect(readForm(PROCESS, { rain: '60', scheme: 'b', area, gauges: '1, 2', more: '{"x":1}' })).toEqual({
      inputs: { scheme: 'b', area, gauges: [1, 2], more: { x: 1 } },
      wrong: [],
    });
    expect(readForm(PROCESS, { gauges: '1, q', more: '{' }).wrong).toEqual(['gauges', 'more']);
  });

  test('choices have titles, and several are sent as a list; files are told apart', () => {
    const titles = { 'x-enum-titles': { a: 'Fine' } };
    expect(choicesOf({ enum: ['a', 'b'], ...titles })).toEqual([
      { value: 'a', title: 'Fine' },
      { value: 'b', title: 'b' },
    ]);
    expect(choicesOf({ type: 'array', items: { enum: ['a'], ...titles } })[0]?.title).toBe('Fine');
    expect(
      readForm(PROCESS, { fit: ['x', 'y'], files: 'inputs/a.nc, inputs/b.nc', more: '{}' }).inputs,
    ).toEqual({
      fit: ['x', 'y'],
      files: ['inputs/a.nc', 'inputs/b.nc'],
      more: {},
    });
  });

  test('times are rounded as far as they are known', () => {
    expect([0.2, 17.4, 33, 2718].map(roundSeconds)).toEqual([1, 17, 35, 2700]);
  });

  test('an area becomes a polygon where a geometry is wanted', () => {
    const shape = readField({ format: 'geojson-geometry' }, [1, 2, 3, 4]) as { coordinates: number[][][] };
    expect(shape.coordinates[0]).toHaveLength(5);
    expect(shape.coordinates[0]![0]).toEqual([1, 2]);
  });
});
