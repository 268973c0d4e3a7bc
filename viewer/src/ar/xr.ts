/**
 * WebXR, where a device knows its own motion: the world is turned and moved once, so that the first view agrees
 * with the compass and the position, and then the device does the rest. Its floor is the ground.
 */
import { Quaternion, Vector3 } from 'three';
import type { Geographic } from './frame';
import { EYE } from './stage';
import { correction, loading, look, mode, position } from './state';
import { lookAlong, lookOf, wrapped, type Look } from './turn';
import type { View } from './view';

const RADIANS = Math.PI / 180;
const UP = new Vector3(0, 1, 0);

export const hasXr = async (): Promise<boolean> =>
  (await navigator.xr?.isSessionSupported('immersive-ar').catch(() => false)) ?? false;

/** How far a frame is turned against another [degrees clockwise], by a look that both saw. */
export const turnBetween = (inWorld: Look, inDevice: Look): number =>
  wrapped(inWorld.heading - inDevice.heading);

/** The direction of a device's ray as a look in the world. degrees: as `turnBetween` gives. */
export function lookInWorld(direction: Vector3, degrees: number): Look {
  const seen = lookAlong(direction);
  return { heading: wrapped(seen.heading + degrees), pitch: seen.pitch };
}

/** A finger on the page over the picture is the page's own affair; else a press of a button would pick as well. */
const leaveToPage = (event: Event) => event.preventDefault();

/**
 * Starts a session; has to come from a tap. compass: the look as the compass tells it. tapped: takes the look
 * of a tap. ended: called once it is over. Gives a way to end it.
 */
export async function startXr(
  view: View,
  compass: () => Look,
  tapped: (look: Look) => void,
  ended: () => void,
): Promise<() => void> {
  const root = document.getElementById('app')!;
  const session = await navigator.xr!.requestSession('immersive-ar', {
    requiredFeatures: ['local-floor'],
    optionalFeatures: ['dom-overlay'],
    domOverlay: { root },
  });
  const { renderer, world } = view.stage;
  renderer.xr.setReferenceSpaceType('local-floor');
  try {
    await renderer.xr.setSession(session);
  } catch (error) {
    await session.end().catch(() => undefined);
    throw error;
  }
  root.addEventListener('beforexrselect', leaveToPage);
  mode.value = 'xr';
  let start: { eye: Vector3; foot: Geographic; degrees: number } | null = null;

  /** Puts the world so that the foot is below the eye of the first view, on the device's floor. */
  const place = (degrees: number, eye: Vector3, foot: Geographic) => {
    world.quaternion.setFromAxisAngle(UP, degrees * RADIANS);
    const at = new Vector3(...view.frame!.local(foot)).applyQuaternion(world.quaternion);
    world.position.set(eye.x - at.x, -at.y, eye.z - at.z);
  };

  renderer.setAnimationLoop(() => {
    const [eye, turn] = [new Vector3(), new Quaternion()];
    renderer.xr.getCamera().matrixWorld.decompose(eye, turn, new Vector3());
    if (!start && view.frame && position.peek() && !loading.peek() && eye.lengthSq() > 0) {
      const [x, y, z] = view.eye();
      const height = position.peek()?.height === null ? EYE : eye.y;
      const foot = view.frame.geographic([x, y - height, z]);
      start = { eye, foot, degrees: turnBetween(compass(), lookOf(turn)) };
    }
    if (start) {
      const degrees = start.degrees + correction.peek();
      place(degrees, start.eye, start.foot);
      const seen = lookOf(turn);
      tell({ heading: Math.round(wrapped(seen.heading + degrees)), pitch: Math.round(seen.pitch) });
      world.updateMatrixWorld();
      follow(world.worldToLocal(eye.clone()));
    }
    view.stage.draw();
  });
  const tell = (now: Look) => {
    const { heading, pitch } = look.peek();
    if (now.heading !== heading || now.pitch !== pitch) look.value = now;
  };
  /** The position goes along with the device, metre by metre. */
  const follow = (eye: Vector3) => {
    const at = position.peek();
    const [x, , z] = view.eye();
    if (!at || !view.frame || Math.hypot(eye.x - x, eye.z - z) < 1) return;
    const { lon, lat } = view.frame.geographic([eye.x, eye.y, eye.z]);
    position.value = { ...at, lon, lat };
  };
  session.addEventListener('select', (event) => {
    const space = renderer.xr.getReferenceSpace();
    const pose = space && event.frame.getPose(event.inputSource.targetRaySpace, space);
    if (!pose || !start) return;
    const { x, y, z, w } = pose.transform.orientation;
    const along = new Vector3(0, 0, -1).applyQuaternion(new Quaternion(x, y, z, w));
    tapped(lookInWorld(along, start.degrees + correction.value));
  });
  session.addEventListener('end', () => {
    renderer.setAnimationLoop(null);
    root.removeEventListener('beforexrselect', leaveToPage);
    world.position.set(0, 0, 0);
    world.quaternion.setFromAxisAngle(UP, 0);
    ended();
    view.stage.resize();
  });
  return () => void session.end().catch(() => undefined);
}
