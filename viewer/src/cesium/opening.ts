/** Where the camera stands when a city is opened. */

import type { Home, Outlook } from '../client/types';

/** Angle between the sun and the line of sight that draws walls and shadows best [°]. */
const SIDE_LIGHT = 65;
const PITCH = -26;
/** How high the camera stands, in heights of the city: a single building is seen as a whole. */
const ABOVE = 2;

/**
 * The first view: nearer and lower than one that holds the whole extent, so that the buildings speak, yet above
 * them, and turned from the given heading so far that the sun comes from the side.
 *
 * azimuth: of the sun [°].
 */
export function openingView(home: Home, azimuth: number): Outlook {
  const apart = (a: number, b: number) => Math.abs(((a - b + 540) % 360) - 180);
  const [left, right] = [azimuth + 180 - SIDE_LIGHT, azimuth + 180 + SIDE_LIGHT];
  const turned = apart(left % 360, home.heading) <= apart(right % 360, home.heading) ? left : right;
  const above = (ABOVE * home.tall) / Math.sin((-PITCH * Math.PI) / 180);
  const range = Math.min(Math.max(home.range * 0.5, above), home.range);
  const { lon, lat, height } = home;
  return { lon, lat, height, heading: turned % 360, range, pitch: PITCH };
}
