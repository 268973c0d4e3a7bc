/** How a device is turned, as a turn of a camera in the frame of a scene (x east, y up, z south; it looks along -z). */
import { Euler, Quaternion, Vector3 } from 'three';

/** Degrees: clockwise from true north, above the horizon. */
export interface Look {
  heading: number;
  pitch: number;
}

const RADIANS = Math.PI / 180;
/** From a device lying on its back, which looks down, to one that looks at the horizon. */
const UPRIGHT = new Quaternion(-Math.SQRT1_2, 0, 0, Math.SQRT1_2);
const FORWARD = new Vector3(0, 0, -1);
const UP = new Vector3(0, 1, 0);

/**
 * The turn of the camera at the back of a device.
 * alpha, beta, gamma: of a DeviceOrientationEvent with alpha from north (W3C Device Orientation and Motion:
 * turns about z, x', y'' in a frame of x east, y north, z up). screen: `screen.orientation.angle`. All degrees.
 */
export function deviceTurn(alpha: number, beta: number, gamma: number, screen: number): Quaternion {
  const turn = new Quaternion().setFromEuler(
    new Euler(beta * RADIANS, alpha * RADIANS, -gamma * RADIANS, 'YXZ'),
  );
  return turn
    .multiply(UPRIGHT)
    .multiply(new Quaternion().setFromAxisAngle(new Vector3(0, 0, 1), -screen * RADIANS));
}

export const lookTurn = ({ heading, pitch }: Look): Quaternion =>
  new Quaternion().setFromEuler(new Euler(pitch * RADIANS, -heading * RADIANS, 0, 'YXZ'));

export function lookAlong(direction: Vector3): Look {
  const { x, y, z } = direction.clone().normalize();
  return {
    heading: wrapped(Math.atan2(x, -z) / RADIANS),
    pitch: Math.asin(Math.min(1, Math.max(-1, y))) / RADIANS,
  };
}

export const lookOf = (turn: Quaternion): Look => lookAlong(FORWARD.clone().applyQuaternion(turn));

/** The turn after the whole scene's north was corrected by some degrees clockwise. */
export const corrected = (turn: Quaternion, degrees: number): Quaternion =>
  new Quaternion().setFromAxisAngle(UP, -degrees * RADIANS).multiply(turn);

/** Between 0 and 360. */
export const wrapped = (degrees: number): number => ((degrees % 360) + 360) % 360;

const WINDS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const;
export type Wind = (typeof WINDS)[number];

export const windOf = (heading: number): Wind => WINDS[Math.round(wrapped(heading) / 45) % 8]!;

/** How long the first leg of a way is taken to be [m], and metres in a degree of latitude. */
const [LEG, DEGREE] = [8, 111_320];

/** Where a way of longitudes and latitudes [degrees] sets out to, as a heading. */
export function firstHeading(
  way: readonly (readonly [lon: number, lat: number, ...rest: number[]])[],
): number {
  const start = way[0];
  if (!start) return 0;
  const steps = way.map(([lon, lat]) => [
    (lon - start[0]) * DEGREE * Math.cos(start[1] * RADIANS),
    (lat - start[1]) * DEGREE,
  ]);
  const [east, north] = steps.find(([x, y]) => Math.hypot(x!, y!) >= LEG) ?? steps.at(-1)!;
  return wrapped(Math.atan2(east!, north!) / RADIANS);
}

/** Of the long side of a phone's camera [radians]: 26 mm on film 36 mm wide, as main cameras usually are. */
const LONG_SIDE = 2 * Math.atan(18 / 26);

/** The vertical field of view [degrees] of what a screen shows of a video that covers it. Sizes in pixels. */
export function fieldOfView(screen: [number, number], video: [number, number]): number {
  const focal = Math.max(...video) / 2 / Math.tan(LONG_SIDE / 2);
  const scale = Math.max(screen[0] / video[0], screen[1] / video[1]);
  return (2 * Math.atan(screen[1] / 2 / (focal * scale))) / RADIANS;
}
