/** The drawing of a day's sun path: places, stretches of light, spells, obstruction. */
import { expect, test } from 'vitest';
import type { SunPath } from '../src/client/sun';
import {
  frameOf,
  fromMiddle,
  horizonOutline,
  middleOf,
  placeOf,
  spellsOf,
  stretchesOf,
} from '../src/sunstudy/path';

const TEN_MINUTES = 600_000;
const START = Date.UTC(2026, 11, 22, 0);

function pathOf(azimuth: number[], elevation: number[], lit: boolean[]): SunPath {
  return {
    times: azimuth.map((_, index) => new Date(START + index * TEN_MINUTES).toISOString()),
    azimuth,
    elevation,
    lit,
    horizon: [
      { azimuth: 350, elevation: 4 },
      { azimuth: 90, elevation: 0 },
      { azimuth: 180, elevation: 20 },
    ],
    sunrise: null,
    sunset: null,
    hours: 0,
    longest_spell: 0,
    timezone: 'Asia/Seoul',
  };
}

const NORTHERN = pathOf([120, 150, 180, 210, 240], [5, 20, 31, 20, 5], [true, true, false, true, true]);
const SOUTHERN = pathOf([60, 30, 0, 330, 300], [5, 20, 33, 20, 5], [true, true, true, true, true]);

test('the drawing looks to where the sun culminates', () => {
  expect(middleOf(NORTHERN)).toBe(180);
  expect(middleOf(SOUTHERN)).toBe(0);
  expect(fromMiddle(330, 0)).toBe(-30);
  expect(fromMiddle(0, 180)).toBe(-180);
});

test('the sun’s whole way is within the frame, south in the middle', () => {
  const frame = frameOf(NORTHERN, 300, 150);
  expect(placeOf(frame, 180, 0)).toEqual({ x: 150, y: 150 });
  for (const { points } of stretchesOf(NORTHERN, frame)) {
    for (const { x, y } of points) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(300);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(150);
    }
  }
});

test('in the southern hemisphere the way runs from right to left without a jump', () => {
  const [only, ...more] = stretchesOf(SOUTHERN, frameOf(SOUTHERN, 300, 150));
  expect(more).toEqual([]);
  const across = only!.points.map(({ x }) => x);
  expect(across).toEqual([...across].sort((a, b) => b - a));
});

test('stretches change where light and shade do, and hang together', () => {
  const found = stretchesOf(NORTHERN, frameOf(NORTHERN, 300, 150));
  expect(found.map(({ lit }) => lit)).toEqual([true, false, true]);
  expect(found[1]!.points[0]).toEqual(found[0]!.points.at(-1));
});

test('spells are as long as their times are many', () => {
  const spells = spellsOf(NORTHERN);
  expect(spells.map(([from, to]) => (to - from) / TEN_MINUTES)).toEqual([2, 2]);
  expect(spells[1]![0]).toBe(START + 2.5 * TEN_MINUTES);
});

test('the obstruction reaches from edge to edge and down to the horizon', () => {
  const outline = horizonOutline(NORTHERN, frameOf(NORTHERN, 300, 150));
  expect([outline[0], outline.at(-1)]).toEqual([
    { x: 0, y: 150 },
    { x: 300, y: 150 },
  ]);
  expect(horizonOutline({ ...NORTHERN, horizon: [] }, frameOf(NORTHERN, 300, 150))).toEqual([]);
});
