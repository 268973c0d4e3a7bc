/** A click that asks about the sun: on a coloured surface, or anywhere while the tool for it is active. */
import {
  Cartesian2,
  Cartesian3,
  Cartographic,
  type Cesium3DTileFeature,
  Math as CesiumMath,
  Matrix4,
  Transforms,
} from '@cesium/engine';
import { effect } from '@preact/signals';
import type { PathPlace } from '../client/sun';
import { probe } from '../state/flood';
import { pickSensor } from '../state/sensors';
import { selection, tool } from '../state/store';
import { surfaceAt, takeClicks } from './picking';
import type { Stage } from './stage';
import { type SurfaceHit, surfaceHit } from './surfaces';

/** A surface less steep than this is level [degrees]. */
const LEVEL = 3;
/** Distance of the points beside a click by which its surface's slope is found [CSS px]. */
const BESIDE = 2;

/** From `here` to the nearer of the points that two places of the canvas show: the one on the same surface. */
function along(stage: Stage, here: Cartesian3, a: Cartesian2, b: Cartesian2): Cartesian3 | null {
  const found = [surfaceAt(stage, a), surfaceAt(stage, b)].map(
    (place) => place && Cartesian3.subtract(place, here, new Cartesian3()),
  );
  const [first, second] = found;
  if (!first || !second) return first ?? second ?? null;
  return Cartesian3.magnitude(first) <= Cartesian3.magnitude(second)
    ? first
    : Cartesian3.negate(second, second);
}

/** The normal of what a point of the canvas shows, towards the eye. */
function normalAt(stage: Stage, at: Cartesian2, here: Cartesian3): Cartesian3 {
  const toEye = Cartesian3.subtract(stage.scene.camera.positionWC, here, new Cartesian3());
  Cartesian3.normalize(toEye, toEye);
  const beside = (x: number, y: number) => new Cartesian2(at.x + x * BESIDE, at.y + y * BESIDE);
  const across = along(stage, here, beside(1, 0), beside(-1, 0));
  const down = along(stage, here, beside(0, 1), beside(0, -1));
  if (!across || !down) return toEye;
  const normal = Cartesian3.cross(down, across, new Cartesian3());
  if (Cartesian3.magnitude(normal) < 1e-9) return toEye;
  Cartesian3.normalize(normal, normal);
  return Cartesian3.dot(normal, toEye) < 0 ? Cartesian3.negate(normal, normal) : normal;
}

/** Asks about the sun at a place, and lets go of what was picked. */
export function askSun(place: PathPlace, hit: SurfaceHit | null): void {
  selection.value = null;
  pickSensor(null);
  const quantity = hit?.quantity;
  probe.value = {
    ...place,
    kind: 'sun',
    building: hit?.building ?? '',
    value: quantity ? { title: quantity.title, unit: quantity.unit, amount: hit.value } : null,
  };
}

function probeAt(stage: Stage, at: Cartesian2, position: Cartesian3, hit: SurfaceHit | null): void {
  const { longitude, latitude, height } = Cartographic.fromCartesian(position);
  const toLocal = Matrix4.inverseTransformation(Transforms.eastNorthUpToFixedFrame(position), new Matrix4());
  const { x, y, z } = Matrix4.multiplyByPointAsVector(
    toLocal,
    normalAt(stage, at, position),
    new Cartesian3(),
  );
  const tilt = CesiumMath.toDegrees(Math.acos(Math.min(1, Math.max(-1, z))));
  const azimuth = (CesiumMath.toDegrees(Math.atan2(x, y)) + 360) % 360;
  askSun(
    {
      longitude: CesiumMath.toDegrees(longitude),
      latitude: CesiumMath.toDegrees(latitude),
      height,
      ...(tilt > LEVEL && { azimuth, tilt }),
    },
    hit,
  );
}

/** Asks about the sun on a coloured surface; false where another thing was clicked. */
export function probeSurface(stage: Stage, at: Cartesian2, feature: Cesium3DTileFeature): boolean {
  const hit = surfaceHit(stage, at, feature);
  const position = hit && surfaceAt(stage, at);
  if (!position) return false;
  probeAt(stage, at, position, hit);
  return true;
}

export function offerSun(stage: Stage): void {
  stage.owner.own(
    effect(() => {
      if (tool.value !== 'sun') return undefined;
      return takeClicks({
        point: (position, at) => probeAt(stage, at, position, surfaceHit(stage, at, stage.scene.pick(at))),
      });
    }),
  );
}
