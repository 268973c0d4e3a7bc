/** Where the camera is and how it gets elsewhere; targets come to rest in the middle of what panels leave free. */
import {
  Cartesian2,
  Cartesian3,
  Cartographic,
  HeadingPitchRange,
  Math as CesiumMath,
  Matrix4,
  Transforms,
} from '@cesium/engine';
import { signal } from '@preact/signals';
import type { Outlook } from '../client/types';
import { camera as cameraState, type CameraState } from '../state/store';
import { sun } from './light';
import { openingView } from './opening';
import type { Stage } from './stage';

/** Clockwise from north [°], kept in step with every frame, for the compass. */
export const heading = signal(0);

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** How far the middle of the uncovered part of the canvas lies from the canvas' own [CSS px], right and down. */
function freeCentre(canvas: HTMLCanvasElement): [number, number] {
  const inset = { left: 0, right: 0, top: 0, bottom: 0 };
  const frame = canvas.getBoundingClientRect();
  for (const panel of document.querySelectorAll<HTMLElement>('[data-covers]')) {
    const box = panel.getBoundingClientRect();
    if (box.width === 0) continue;
    const side = panel.dataset.covers;
    if (side === 'left') inset.left = Math.max(inset.left, box.right - frame.left);
    if (side === 'right') inset.right = Math.max(inset.right, frame.right - box.left);
    if (side === 'bottom') inset.bottom = Math.max(inset.bottom, frame.bottom - box.top);
  }
  if (inset.left + inset.right > frame.width * 0.8) inset.left = inset.right = 0;
  return [(inset.left - inset.right) / 2, -inset.bottom / 2];
}

/** The pose that looks at `home` and puts it in the middle of the free part of the canvas. */
function poseFor(stage: Stage, home: Outlook) {
  const { canvas, camera } = stage.scene;
  const frustum = camera.frustum as unknown as { fov: number };
  const span = Math.max(canvas.clientWidth, canvas.clientHeight, 1);
  const metresPerPixel = (2 * home.range * Math.tan((frustum.fov ?? 1) / 2)) / span;
  const [dx, dy] = freeCentre(canvas);
  const h = CesiumMath.toRadians(home.heading);
  const p = CesiumMath.toRadians(home.pitch);
  const forward = new Cartesian3(Math.sin(h) * Math.cos(p), Math.cos(h) * Math.cos(p), Math.sin(p));
  const right = new Cartesian3(Math.cos(h), -Math.sin(h), 0);
  const up = Cartesian3.cross(right, forward, new Cartesian3());
  const offset = Cartesian3.multiplyByScalar(forward, -home.range, new Cartesian3());
  const shift = (axis: Cartesian3, amount: number) =>
    Cartesian3.add(offset, Cartesian3.multiplyByScalar(axis, amount, new Cartesian3()), offset);
  shift(right, -dx * metresPerPixel);
  shift(up, dy * metresPerPixel);
  const frame = Transforms.eastNorthUpToFixedFrame(Cartesian3.fromDegrees(home.lon, home.lat, home.height));
  return {
    destination: Matrix4.multiplyByPoint(frame, offset, new Cartesian3()),
    orientation: { heading: h, pitch: p, roll: 0 },
  };
}

function look(stage: Stage, home: Outlook): void {
  stage.scene.camera.setView(poseFor(stage, home));
  stage.draw();
}

function fly(stage: Stage, home: Outlook): void {
  if (still()) return look(stage, home);
  stage.scene.camera.flyTo({ ...poseFor(stage, home), duration: 1.4 });
}

/** On an upright screen the city looks best from higher up and nearer, as little of its width shows. */
const fitted = (stage: Stage): Outlook => {
  const view = openingView(stage.city.home, sun.value.azimuth);
  const { clientWidth, clientHeight } = stage.scene.canvas;
  return clientWidth < clientHeight ? { ...view, range: view.range * 0.85, pitch: -38 } : view;
};

export const lookHome = (stage: Stage) => look(stage, fitted(stage));
export const flyHome = (stage: Stage) => fly(stage, fitted(stage));

/** Flies to a place, keeping the heading and a readable tilt; a frame later, when a panel it opens stands. */
export function flyToPlace(stage: Stage, lon: number, lat: number, height: number, range: number): void {
  const { camera } = stage.scene;
  const tilt = Math.min(-22, Math.max(-50, CesiumMath.toDegrees(camera.pitch)));
  const home = { lon, lat, height, range, heading: CesiumMath.toDegrees(camera.heading), pitch: tilt };
  requestAnimationFrame(() => {
    if (!stage.widget.isDestroyed()) fly(stage, home);
  });
}

export function setCamera(stage: Stage, state: CameraState): void {
  stage.scene.camera.setView({
    destination: Cartesian3.fromDegrees(state.lon, state.lat, state.height),
    orientation: {
      heading: CesiumMath.toRadians(state.heading),
      pitch: CesiumMath.toRadians(state.pitch),
      roll: 0,
    },
  });
  stage.draw();
}

export function readCamera(stage: Stage): CameraState {
  const { camera } = stage.scene;
  const at = Cartographic.clone(camera.positionCartographic);
  return {
    lon: CesiumMath.toDegrees(at.longitude),
    lat: CesiumMath.toDegrees(at.latitude),
    height: at.height,
    heading: CesiumMath.toDegrees(camera.heading),
    pitch: CesiumMath.toDegrees(camera.pitch),
  };
}

/** Turns around what lies in the middle of the canvas, or tilts, by degrees. */
export function orbit(stage: Stage, turn: number, tilt: number): void {
  const { scene } = stage;
  const { camera, canvas } = scene;
  const ray = camera.getPickRay(new Cartesian2(canvas.clientWidth / 2, canvas.clientHeight / 2));
  const target = ray && scene.globe.pick(ray, scene);
  if (!target) return;
  const range = Cartesian3.distance(camera.positionWC, target);
  const pitch = CesiumMath.toDegrees(camera.pitch) + tilt;
  const h = CesiumMath.toDegrees(camera.heading) + turn;
  const p = Math.min(-5, Math.max(-89, pitch));
  camera.lookAt(target, new HeadingPitchRange(CesiumMath.toRadians(h), CesiumMath.toRadians(p), range));
  camera.lookAtTransform(Matrix4.IDENTITY);
  stage.draw();
}

export function northUp(stage: Stage): void {
  orbit(stage, -CesiumMath.toDegrees(stage.scene.camera.heading), 0);
}

export function zoom(stage: Stage, factor: number): void {
  const { camera } = stage.scene;
  const above = Math.max(20, camera.positionCartographic.height - stage.city.home.height);
  camera.zoomIn(above * factor);
  stage.draw();
}

export function followCamera(stage: Stage): void {
  const { camera } = stage.scene;
  stage.owner.own(
    camera.moveEnd.addEventListener(() => {
      cameraState.value = readCamera(stage);
    }),
  );
  stage.owner.own(
    stage.scene.postRender.addEventListener(() => {
      heading.value = Math.round(CesiumMath.toDegrees(camera.heading));
    }),
  );
}
