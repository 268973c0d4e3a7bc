/** A planned building: moved, turned, raised, judged, and carried by a link; and dwellings in their order. */
import { describe, expect, test } from 'vitest';
import type { Dwelling } from '../src/client/sun';
import { hasPlan, lightAfter, listed } from '../src/sunstudy/daylight';
import {
  areaOf,
  boxAt,
  centreOf,
  directionOf,
  isSound,
  metresPerDegree,
  moved,
  polygonOf,
  radiusOf,
  raised,
  readPlan,
  turned,
  writePlan,
} from '../src/sunstudy/plan';
import { isKnown, quantitiesOf, rampOf, rangeOf, ticksOf } from '../src/sunstudy/quantities';
import { readHash, writeHash } from '../src/state/share';

const BOX = boxAt(128.93, 35.13, 24, 14, 30);

describe('a plan', () => {
  test('has the measures that it was given', () => {
    expect(areaOf(BOX.footprint)).toBeCloseTo(24 * 14, 3);
    expect(radiusOf(BOX.footprint)).toBeCloseTo(Math.hypot(12, 7), 4);
    expect(directionOf(BOX.footprint)).toBeCloseTo(90, 6);
  });

  test('metres of a degree are those of the ellipsoid', () => {
    // Osborne (2013), The Mercator projections, table 3.1: at 45°, 78.846 and 111.132 km.
    const [east, north] = metresPerDegree(45);
    expect(east / 1000).toBeCloseTo(78.847, 2);
    expect(north / 1000).toBeCloseTo(111.132, 2);
  });

  test('moves as far as it is told, and keeps its form', () => {
    const there = moved(BOX, 100, -40);
    const [lon, lat] = centreOf(BOX.footprint);
    const [nextLon, nextLat] = centreOf(there.footprint);
    const [east, north] = metresPerDegree(35.13);
    expect((nextLon - lon) * east).toBeCloseTo(100, 1);
    expect((nextLat - lat) * north).toBeCloseTo(-40, 1);
    expect(areaOf(there.footprint)).toBeCloseTo(336, 1);
  });

  test('turns clockwise around its centre', () => {
    const round = turned(BOX, 30);
    expect(directionOf(round.footprint)).toBeCloseTo(120, 2);
    expect(centreOf(round.footprint)[0]).toBeCloseTo(128.93, 9);
    expect(areaOf(round.footprint)).toBeCloseTo(336, 1);
  });

  test('has a height within limits', () => {
    expect(raised(BOX, 1).height).toBe(3);
    expect(raised(BOX, 1e6).height).toBe(300);
    expect(raised(BOX, 45.26).height).toBe(45.3);
  });

  test('needs an area, and sides that do not cross', () => {
    const [a, b, c, d] = BOX.footprint;
    expect(isSound(BOX.footprint)).toBe(true);
    expect(isSound([a!, b!])).toBe(false);
    expect(isSound([a!, a!, a!])).toBe(false);
    expect(isSound([a!, c!, b!, d!])).toBe(false);
  });

  test('goes to the server closed and anticlockwise', () => {
    const clockwise = polygonOf([...BOX.footprint].reverse()).coordinates[0]!;
    expect(clockwise).toHaveLength(5);
    expect(clockwise[0]).toEqual(clockwise[4]);
    const twice = clockwise.slice(1).reduce((sum, [x, y], index) => {
      const [lastX, lastY] = clockwise[index]!;
      return sum + lastX * y - x * lastY;
    }, 0);
    expect(twice).toBeGreaterThan(0);
  });

  test('survives its link to a centimetre, with what is taken away for it', () => {
    const plan = { ...turned(BOX, 17), removed: ['a~b!c', '건물 1'] };
    const text = writePlan(plan);
    const back = readPlan(text)!;
    expect(text.length).toBeLessThan(120);
    expect(back.height).toBe(30);
    expect(back.removed).toEqual(plan.removed);
    back.footprint.forEach(([lon, lat], index) => {
      expect(Math.abs(lon - plan.footprint[index]![0])).toBeLessThan(1.1e-7);
      expect(Math.abs(lat - plan.footprint[index]![1])).toBeLessThan(1.1e-7);
    });
  });

  test.each(['', '30', '30~a,b', '30~128,35', '30~128,95~1.1~2.3', '0~128,35~zz.0~zz.zz', '30~128,35~x~y'])(
    'a broken link %s is no plan',
    (text) => expect(readPlan(text)).toBeUndefined(),
  );
});

test('the view of the sun survives its link', () => {
  const view = {
    sun: { run: 'ab~1', visible: false, property: 'sky_view', opacity: 0.5, ground: false },
    plan: readPlan(writePlan(BOX))!,
    compare: 'split',
    sunDate: '2026-06-21',
    sidePanel: 'plan',
  } as const;
  expect(readHash(writeHash(view))).toEqual(view);
  expect(readHash('#y=&b=x&v=split&d=2026-13-99')).toEqual({});
});

const HOURS = {
  property: 'sun_hours',
  title: { ko: '일조 시간', en: 'Hours of sun' },
  unit: 'h',
  minimum: 0,
  maximum: 10,
  ramp: 'solar',
  stops: [0, 2.5, 5, 7.5, 10],
};

describe('quantities', () => {
  test('are read from a legend, without those that cannot be drawn', () => {
    expect(quantitiesOf([HOURS, { ...HOURS, property: 'a b' }, { property: 'x' }, null])).toEqual([HOURS]);
    expect(quantitiesOf('nothing')).toEqual([]);
    expect(rampOf({ ...HOURS, ramp: 'unheard of' })).toBe('solar');
  });

  test('a difference reaches as far to both sides of nothing', () => {
    const change = { ...HOURS, property: 'sun_hours_change', minimum: -4, maximum: 1 };
    expect(rangeOf(change)).toEqual([-4, 4]);
    expect(ticksOf(change)).toEqual([-4, 0, 4]);
    expect(ticksOf(HOURS)).toEqual(HOURS.stops);
  });

  test('the byte beyond the greatest is no value', () => {
    // Bytes 0 to 254 from least to greatest, 255 for none.
    expect([0, 254, 255].map((byte) => isKnown(HOURS, (byte / 254) * 10))).toEqual([true, true, false]);
  });
});

describe('dwellings', () => {
  const one = (building: string, part: Partial<Dwelling>): Dwelling => ({
    building,
    storey: 1,
    azimuth: 180,
    position: null,
    passes_before: true,
    total_before: 5,
    ...part,
  });
  const kept = one('kept', { passes_after: true, total_after: 4.5, falls_because_of_plan: false });
  const fails = one('fails', {
    passes_before: false,
    passes_after: false,
    total_after: 0,
    falls_because_of_plan: false,
  });
  const falls = one('falls', { passes_after: false, total_after: 2, falls_because_of_plan: true });

  test('that fall because of the plan come first', () => {
    const names = (filter: 'all' | 'failing' | 'falling') =>
      listed([kept, fails, falls], filter).map(({ building }) => building);
    expect(names('all')).toEqual(['falls', 'fails', 'kept']);
    expect(names('failing')).toEqual(['falls', 'fails']);
    expect(names('falling')).toEqual(['falls']);
  });

  test('without a plan are as they are', () => {
    expect(hasPlan([one('a', {})])).toBe(false);
    expect(hasPlan([kept])).toBe(true);
    expect(lightAfter(one('a', {})).total).toBe(5);
  });
});
