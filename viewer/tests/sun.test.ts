/** The sun's place against NREL's published example, and what follows from it. */
import { expect, test } from 'vitest';
import { daylight } from '../src/sun/daylight';
import { daylightMinutes, openingInstant, sunPosition } from '../src/sun/position';

test('agrees with the worked example of the NREL solar position algorithm', () => {
  // Reda and Andreas (2008), NREL/TP-560-34302, table A5.1: 2003-10-17 12:30:30 at UTC-7.
  const { azimuth, elevation } = sunPosition(Date.UTC(2003, 9, 17, 19, 30, 30), -105.1786, 39.742476);
  expect(azimuth).toBeCloseTo(194.34024, 1);
  expect(Math.abs(elevation - (90 - 50.11162))).toBeLessThan(0.03);
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
