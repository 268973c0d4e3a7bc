/** The AR page's arithmetic: frames on the globe, turns of a device, links, and doubt in words. */
import { Vector3 } from 'three';
import { describe, expect, test } from 'vitest';
import { alreadyInside, distinct, placeInCity } from '../src/ar/actions';
import { turnedBy } from '../src/ar/device';
import { Frame } from '../src/ar/frame';
import { readLink } from '../src/ar/link';
import { accuracyWord, headingDoubt, stated, sureness } from '../src/ar/sure';
import {
  corrected,
  deviceTurn,
  fieldOfView,
  firstHeading,
  lookOf,
  lookTurn,
  windOf,
  wrapped,
} from '../src/ar/turn';
import { lookInWorld, turnBetween } from '../src/ar/xr';
import type { PlacedCity } from '../src/client/types';

describe('frame', () => {
  const origins = [
    { lon: 128.93, lat: 35.13, height: 33.6 },
    { lon: -58.4, lat: -34.6, height: 20 },
    { lon: 180, lat: 0, height: 0 },
  ];

  test.each(origins)('a metre east, up and south of $lon, $lat', (origin) => {
    const frame = new Frame(origin);
    const east = frame.geographic([1, 0, 0]);
    const south = frame.geographic([0, 0, 1]);
    expect(wrapped(east.lon - origin.lon) * Math.cos((origin.lat * Math.PI) / 180)).toBeGreaterThan(8.9e-6);
    expect(south.lat).toBeLessThan(origin.lat);
    expect(frame.geographic([0, 1, 0]).height).toBeCloseTo(origin.height + 1, 6);
  });

  test.each(origins)('there and back at $lon, $lat', (origin) => {
    const frame = new Frame(origin);
    const [x, y, z] = frame.local(frame.geographic([123.4, -5.6, -789]));
    expect([x, y, z].map((value) => Number(value.toFixed(5)))).toEqual([123.4, -5.6, -789]);
  });

  test('agrees with EPSG guidance note 7-2, which gives the place of 53°48′33.82″N 2°07′46.38″E', () => {
    // The example of method 9602: X 3771793.968, Y 140253.342, Z 5124304.349 m; height 73.0 m.
    const place = { lat: 53 + 48 / 60 + 33.82 / 3600, lon: 2 + 7 / 60 + 46.38 / 3600, height: 73 };
    const axes = new Frame({ lon: 0, lat: 0, height: 0 });
    const [y, above, south] = axes.local(place);
    expect(y).toBeCloseTo(140253.342, 2);
    expect(above + 6_378_137).toBeCloseTo(3771793.968, 2);
    expect(-south).toBeCloseTo(5124304.349, 2);
  });
});

/** Looks at the directions of the W3C specification: alpha turns left, beta tips the top edge up, gamma rolls. */
describe('turn of a device', () => {
  const at = (alpha: number, beta: number, gamma: number, screen = 0) =>
    lookOf(deviceTurn(alpha, beta, gamma, screen));

  test.each([
    ['upright, facing north', [0, 90, 0], 0, 0, 0],
    ['upright, facing east', [270, 90, 0], 0, 90, 0],
    ['upright, facing west', [90, 90, 0], 0, 270, 0],
    ['tipped back, looking up', [180, 120, 0], 0, 180, 30],
    ['tipped forward, looking down', [180, 60, 0], 0, 180, -30],
    ['lying on its left edge, screen turned', [0, 0, -90], 90, 90, 0],
  ] as const)('%s', (_, [alpha, beta, gamma], screen, heading, pitch) => {
    const look = at(alpha, beta, gamma, screen);
    expect(Math.cos(((look.heading - heading) * Math.PI) / 180)).toBeCloseTo(1, 9);
    expect(look.pitch).toBeCloseTo(pitch, 6);
  });

  test('flat on its back it looks straight down', () => {
    expect(at(0, 0, 0).pitch).toBeCloseTo(-90, 5);
  });

  test('the screen’s turn keeps the look and turns what is up', () => {
    const upOf = (screen: number) => new Vector3(0, 1, 0).applyQuaternion(deviceTurn(0, 90, 0, screen));
    expect(upOf(0).y).toBeCloseTo(1, 9);
    expect(upOf(90).y).toBeCloseTo(0, 9);
    expect(at(0, 90, 0, 90).heading).toBeCloseTo(at(0, 90, 0, 0).heading, 6);
    const landscape = new Vector3(0, 1, 0).applyQuaternion(deviceTurn(0, 0, -90, 90));
    expect(landscape.y).toBeCloseTo(1, 9);
  });

  test('Safari’s compass replaces alpha, and its accuracy is the stated error', () => {
    const event = { alpha: 12, beta: 90, gamma: 0, absolute: false };
    const safari = turnedBy(
      { ...event, webkitCompassHeading: 75, webkitCompassAccuracy: 15 } as unknown as DeviceOrientationEvent,
      0,
    );
    expect(lookOf(safari!.turn).heading).toBeCloseTo(75, 6);
    expect([safari!.error, safari!.absolute]).toEqual([15, true]);
    expect(turnedBy(event as DeviceOrientationEvent, 0)!.absolute).toBe(false);
    expect(turnedBy({ alpha: null, beta: 0, gamma: 0 } as DeviceOrientationEvent, 0)).toBeNull();
  });

  test('a correction turns the heading alone', () => {
    const look = lookOf(corrected(lookTurn({ heading: 350, pitch: 12 }), 25));
    expect(look.heading).toBeCloseTo(15, 6);
    expect(look.pitch).toBeCloseTo(12, 6);
  });

  test('names of the winds', () => {
    expect([0, 22, 23, 180, 315, 350, -90].map(windOf)).toEqual(['n', 'n', 'ne', 's', 'nw', 'n', 'w']);
  });
});

test('a way sets out where it is eight metres on, or at its end', () => {
  const [lon, lat] = [128.93, 35.13];
  expect(
    firstHeading([
      [lon, lat],
      [lon + 1e-5, lat],
      [lon + 1e-5, lat - 1e-3],
    ]),
  ).toBeCloseTo(179.5, 0);
  expect(
    firstHeading([
      [lon, lat],
      [lon + 1e-5, lat],
    ]),
  ).toBeCloseTo(90, 6);
  expect(firstHeading([])).toBe(0);
});

test('field of view: a video shown whole has that of the camera, a cropped one less', () => {
  const whole = fieldOfView([300, 400], [480, 640]);
  expect(whole).toBeCloseTo((2 * Math.atan(18 / 26) * 180) / Math.PI, 9);
  expect(fieldOfView([400, 300], [640, 480])).toBeCloseTo((2 * Math.atan(13.5 / 26) * 180) / Math.PI, 9);
  expect(fieldOfView([400, 400], [480, 640])).toBeLessThan(whole);
});

test('WebXR: a look that both frames saw tells how far they are turned', () => {
  const degrees = turnBetween({ heading: 100, pitch: 0 }, { heading: 350, pitch: 0 });
  expect(degrees).toBeCloseTo(110, 9);
  const ray = new Vector3(1, 0, 0); // east of the device's own frame
  expect(lookInWorld(ray, degrees).heading).toBeCloseTo(200, 9);
});

test('links: a pose is read, and what cannot be is passed over', () => {
  const link = readLink('#lat=35.1&lon=128.9&heading=-20&height=12.5&layers=buildings,furniture&lang=ko');
  expect(link).toMatchObject({ lat: 35.1, lon: 128.9, heading: -20, height: 12.5, pitch: null });
  expect([link.layers, link.language, link.theme]).toEqual([['buildings', 'furniture'], 'ko', null]);
  expect(readLink('#lat=35.1')).toMatchObject({ lat: null, lon: null });
  expect(readLink('#lat=95&lon=10&heading=north&theme=blue')).toMatchObject({ lat: null, heading: null });
  expect(readLink('#lat=&lon=')).toMatchObject({ lat: null, lon: null, theme: null });
});

test('doubt in words follows the number', () => {
  expect([1, 0.7, 0.3, 0.1].map(sureness)).toEqual([
    'ar.sure.certain',
    'ar.sure.likely',
    'ar.sure.perhaps',
    'ar.sure.unlikely',
  ]);
  expect([2, 8, 30, 400].map(accuracyWord)).toEqual([
    'ar.accuracy.good',
    'ar.accuracy.fair',
    'ar.accuracy.poor',
    'ar.accuracy.useless',
  ]);
  expect(stated({ position: 3000, heading: 10, pitch: 2 })).toEqual({ position: 200, heading: 10, pitch: 2 });
});

test('outside of the city one stands at its nearest place', () => {
  const city = { bbox: [10, 40, 20, 50], home: { lon: 15, lat: 45 } } as unknown as PlacedCity;
  expect(alreadyInside(city, 45, 12)).toBe(true);
  expect(alreadyInside(city, 45, 21)).toBe(false);
  expect(placeInCity(city, null)).toEqual({ lon: 15, lat: 45 });
  expect(placeInCity(city, { lon: 0, lat: 60 })).toEqual({ lon: 11, lat: 49 });
  expect(placeInCity(city, { lon: 12, lat: 44 })).toEqual({ lon: 12, lat: 44 });
});

test('a heading without north is doubtful until somebody lines it up', () => {
  expect(headingDoubt(false, null, false)).toBe(90);
  expect(headingDoubt(false, null, true)).toBeNull();
  expect(headingDoubt(true, null, false)).toBeNull();
  expect(headingDoubt(true, 25, true)).toBe(25);
});

test('what the server knows by a name and by a code is offered once', () => {
  const hydrant = { asset: 'hydrant', name: 'Hydrant', count: 6 };
  const other = { asset: '1031', name: 'Hydrant', count: 2 };
  expect(distinct([hydrant, { ...hydrant, asset: '1030' }, other])).toEqual([hydrant, other]);
});
