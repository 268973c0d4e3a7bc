/** Lengths, heights and areas between points of the globe [m], against a 100 m square in Busan. */
import { Cartesian3, Matrix4, Transforms } from '@cesium/engine';
import { expect, test } from 'vitest';
import { enclosedArea, measure } from '../src/cesium/measure';

const frame = Transforms.eastNorthUpToFixedFrame(Cartesian3.fromDegrees(128.93, 35.13, 20));
const at = (east: number, north: number, up: number) =>
  Matrix4.multiplyByPoint(frame, new Cartesian3(east, north, up), new Cartesian3());

test('a line has a length, a horizontal length and a rise', () => {
  const { length, horizontal, rise } = measure(
    'distance',
    [at(0, 0, 0), at(300, 0, 0), at(300, 0, 40)],
    true,
  );
  expect(length).toBeCloseTo(340, 3);
  expect(horizontal).toBeCloseTo(300, 1);
  expect(rise).toBeCloseTo(40, 1);
});

test('an area is the horizontal one, whichever way it is drawn round', () => {
  const square = [at(0, 0, 0), at(100, 0, 10), at(100, 100, 30), at(0, 100, 5)];
  expect(enclosedArea(square)).toBeCloseTo(10_000, 3);
  expect(enclosedArea(square.toReversed())).toBeCloseTo(10_000, 0);
  expect(enclosedArea(square.slice(0, 2))).toBe(0);
});
