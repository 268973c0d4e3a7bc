import { expect, test } from 'vitest';
import type { Outlook } from '../src/client/types';
import { openingView } from '../src/cesium/opening';

const home = { lon: 128.93, lat: 35.13, height: 26, heading: 20, pitch: -35, range: 2175, tall: 215 };
const SOUTH_WEST = 225;

/** Height of the camera above the ground in the middle of the city [m]. */
const above = (view: Outlook) => view.range * Math.sin((-view.pitch * Math.PI) / 180);

test('a district is seen from near, with the sun from the side', () => {
  const view = openingView(home, SOUTH_WEST);
  expect(view.range).toBe(home.range / 2);
  const between = Math.abs(((view.heading - (SOUTH_WEST + 180) + 540) % 360) - 180);
  expect(between).toBeCloseTo(65);
});

test.each([
  [330, 60],
  [400, 100],
])('a single building is not seen from within: %d m across, %d m tall', (range, tall) => {
  const view = openingView({ ...home, range, tall }, SOUTH_WEST);
  expect(above(view)).toBeGreaterThan(tall);
  expect(view.range).toBeLessThanOrEqual(range);
});

test('a tower is seen from no farther than the whole city', () => {
  expect(openingView({ ...home, range: 300, tall: 500 }, SOUTH_WEST).range).toBe(300);
});
