/** The sun's place against NREL's published example, and what follows from it. */
import { expect, test } from 'vitest';
import { daylight } from '../src/sun/daylight';
import {
  apparentElevation,
  daylightMinutes,
  openingInstant,
  seasonStart,
  sunPosition,
} from '../src/sun/position';

test('agrees with the worked example of the NREL solar position algorithm', () => {
  // Reda and Andreas (2008), NREL/TP-560-34302, table A5.1: 2003-10-17 12:30:30 at UTC-7.
  const { azimuth, elevation } = sunPosition(Date.UTC(2003, 9, 17, 19, 30, 30), -105.1786, 39.742476);
  expect(azimuth).toBeCloseTo(194.34024, 1);
  expect(Math.abs(elevation - (90 - 50.11162))).toBeLessThan(0.03);
});

// pvlib 0.16.1, `solarposition.get_solarposition(method="nrel_numpy")`: azimuth, elevation, apparent elevation.
test.each([
  ['2026-12-22T00:00Z', 35.13, 128.93, 132.9341, 14.293, 14.357],
  ['2026-12-22T06:30Z', 35.13, 128.93, 224.2583, 16.5338, 16.5891],
  ['2026-06-21T03:30Z', 35.13, 128.93, 184.4972, 78.2754, 78.2789],
  ['2026-03-19T22:00Z', 35.13, 128.93, 94.2841, 5.5809, 5.7285],
  ['2026-06-21T02:00Z', -33.87, 151.21, 359.1514, 32.6855, 32.7116],
  ['2026-06-21T21:30Z', 69.65, 18.96, 342.5597, 4.0841, 4.2701],
])('agrees with pvlib to a twentieth of a degree at %s', (time, lat, lon, azimuth, elevation, seen) => {
  const found = sunPosition(Date.parse(time), lon, lat);
  const across = Math.abs(found.azimuth - azimuth) * Math.cos((elevation * Math.PI) / 180);
  expect(across).toBeLessThan(0.05);
  expect(Math.abs(found.elevation - elevation)).toBeLessThan(0.05);
  expect(Math.abs(apparentElevation(found.elevation) - seen)).toBeLessThan(0.05);
});

// USNO, Astronomical Phenomena for the Year 2026: equinoxes and solstices in universal time.
test.each([
  ['spring', '2026-03-20T14:46Z'],
  ['summer', '2026-06-21T08:24Z'],
  ['autumn', '2026-09-23T00:05Z'],
  ['winter', '2026-12-21T20:50Z'],
] as const)('%s begins when the almanac says, within half an hour', (season, time) => {
  expect(Math.abs(seasonStart(2026, season) - Date.parse(time))).toBeLessThan(30 * 60_000);
});

test('stands overhead at the equator at noon of the equinox', () => {
  const { elevation } = sunPosition(Date.UTC(2024, 2, 20, 12, 7), 0, 0);
  expect(elevation).toBeGreaterThan(89.5);
});

const KST = 9 * 3_600_000;
const midnight = Date.UTC(2026, 10, 22) - KST;
const BUSAN = [128.93, 35.13] as const;

test('at the equinox the day is as long as the hour angle of the horizon says', () => {
  // cos H = sin(-0.833°) / cos(latitude) for a declination of zero; four minutes of time a degree.
  const rad = Math.PI / 180;
  const [rise, set] = daylightMinutes(Date.UTC(2026, 2, 20) - KST, ...BUSAN)!;
  const hourAngle = Math.acos(Math.sin(-0.833 * rad) / Math.cos(BUSAN[1] * rad)) / rad;
  expect(Math.abs(set - rise - 2 * hourAngle * 4)).toBeLessThanOrEqual(3);
});

test('polar night has no daylight', () => {
  expect(daylightMinutes(Date.UTC(2026, 11, 21), 20, 80)).toBeNull();
});

test('by day the first picture shows the present, by night the same afternoon', () => {
  const noon = midnight + 12 * 3_600_000;
  expect(openingInstant(noon, midnight, ...BUSAN)).toBe(noon);
  const late = midnight + 23 * 3_600_000;
  const shown = openingInstant(late, midnight, ...BUSAN);
  expect(shown).not.toBe(late);
  expect(shown - midnight).toBeGreaterThan(11.9 * 3_600_000);
  expect(sunPosition(shown, ...BUSAN).elevation).toBeGreaterThan(20);
});

test('light fades with the sun and shadows end before it sets', () => {
  expect(daylight(45, 'light').sun[0]).toBeGreaterThan(daylight(3, 'light').sun[0]);
  expect(daylight(-20, 'light').sun[0]).toBe(0);
  expect(daylight(-20, 'light').ground).toBeLessThan(daylight(20, 'light').ground);
  expect([daylight(20, 'dark').casts, daylight(0, 'dark').casts]).toEqual([true, false]);
});
