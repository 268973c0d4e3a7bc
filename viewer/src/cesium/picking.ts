/** Click, double click and hover on objects; a tool that is active takes the clicks instead. */
import {
  Cartesian2,
  type Cartesian3,
  Cartographic,
  Cesium3DTileFeature,
  Color,
  Math as CesiumMath,
  ScreenSpaceEventHandler,
  ScreenSpaceEventType,
} from '@cesium/engine';
import { probe } from '../state/flood';
import { crowd, pickSensor } from '../state/sensors';
import { selection, tool } from '../state/store';
import { flyToPlace } from './camera';
import { isFlat, matterKind } from './matter';
import { symbolAt } from './sensors';
import { probeDrain } from './sewers';
import type { Stage } from './stage';
import { probeSurface } from './sunSpot';
import { buildingOf } from './surfaces';
import { tilesets } from './tilesets';
import { hoverTint, tintOf } from './tint';
import { basinAt } from './warnings';
import { probeAt } from './water';

/** A tool's view of the mouse: a point on a surface, and the end of a drawing. */
export interface ToolInput {
  point: (position: Cartesian3, at: Cartesian2) => void;
  move?: (position: Cartesian3) => void;
  finish?: () => void;
}

let toolInput: ToolInput | null = null;

/** Hands the clicks to a tool; the answer gives them back, unless another tool has taken them meanwhile. */
export function takeClicks(input: ToolInput): () => void {
  toolInput = input;
  return () => {
    if (toolInput === input) toolInput = null;
  };
}

export function surfaceAt(stage: Stage, at: Cartesian2): Cartesian3 | undefined {
  const { scene } = stage;
  if (scene.pickPositionSupported && !symbolAt(at)) {
    const position = scene.pickPosition(at);
    if (position) return position;
  }
  const ray = scene.camera.getPickRay(at);
  return ray && scene.globe.pick(ray, scene);
}

function featureAt(stage: Stage, at: Cartesian2): Cesium3DTileFeature | undefined {
  const picked: unknown = stage.scene.pick(at);
  return picked instanceof Cesium3DTileFeature ? picked : undefined;
}

/** The object under a point of the canvas, picked as by a click. */
export function pickAt(stage: Stage, at: Cartesian2): string | null {
  const feature = featureAt(stage, at);
  if (!feature) return null;
  const id: unknown = buildingOf(feature) ?? feature.getProperty('id');
  return typeof id === 'string' ? id : null;
}

/** Whether an object lies on the ground; where water is over it, a click asks about the water. */
function isOnGround(feature: unknown): boolean {
  if (!(feature instanceof Cesium3DTileFeature)) return false;
  const entry = [...tilesets.value.values()].find(({ tileset }) => tileset === feature.tileset);
  return entry !== undefined && isFlat(matterKind(entry.layer));
}

/** Picks the sensor, the object or the water at a point of the canvas, or lets go. */
export function pickThere(stage: Stage, at: Cartesian2): void {
  const symbol = symbolAt(at);
  if (symbol) {
    crowd.value = [symbol.id, ...symbol.hidden];
    pickSensor(symbol.id);
  } else if (!probeDrain(stage, at, isOnGround)) {
    pickSensor(null);
    const feature = featureAt(stage, at);
    if (feature && probeSurface(stage, at, feature)) return;
    if (!feature || isOnGround(feature)) {
      const position = surfaceAt(stage, at);
      if (position && (probeAt(position) || basinAt(position))) return;
    }
    probe.value = null;
    selection.value = pickAt(stage, at);
  }
}

function flyToPoint(stage: Stage, at: Cartesian2): void {
  const position = surfaceAt(stage, at);
  if (!position) return;
  const place = Cartographic.fromCartesian(position);
  flyToPlace(
    stage,
    CesiumMath.toDegrees(place.longitude),
    CesiumMath.toDegrees(place.latitude),
    place.height,
    160,
  );
}

function hoverer(stage: Stage) {
  let hovered: Cesium3DTileFeature | undefined;
  const ruleOf = (feature: Cesium3DTileFeature) =>
    [...tilesets.value.values()].find((entry) => entry.tileset === feature.tileset)?.rule;
  const restore = () => {
    if (!hovered) return;
    const rule = ruleOf(hovered);
    try {
      if (rule) hovered.color = tintOf(rule, hovered, new Color());
    } catch {
      // The tile of the feature has been unloaded, and its colour with it.
    }
    hovered = undefined;
  };
  return (at: Cartesian2 | null) => {
    const symbol = at && symbolAt(at);
    const feature = at && !symbol ? featureAt(stage, at) : undefined;
    stage.scene.canvas.style.cursor = feature || symbol ? 'pointer' : '';
    if (feature === hovered) return;
    restore();
    const rule = feature && ruleOf(feature);
    if (feature && rule && !rule.highlighted.has(String(feature.getProperty('id')))) {
      feature.color = hoverTint(rule.opacity);
      hovered = feature;
    }
    stage.draw();
  };
}

export function listenToMouse(stage: Stage): void {
  const { scene, quality } = stage;
  const handler = new ScreenSpaceEventHandler(scene.canvas);
  stage.owner.own(() => handler.destroy());

  handler.setInputAction((event: { position: Cartesian2 }) => {
    if (toolInput) {
      const position = surfaceAt(stage, event.position);
      if (position) toolInput.point(position, event.position);
      return;
    }
    pickThere(stage, event.position);
  }, ScreenSpaceEventType.LEFT_CLICK);

  handler.setInputAction((event: { position: Cartesian2 }) => {
    if (toolInput) toolInput.finish?.();
    else flyToPoint(stage, event.position);
  }, ScreenSpaceEventType.LEFT_DOUBLE_CLICK);

  const hover = hoverer(stage);
  let at: Cartesian2 | null = null;
  let queued = false;
  const look = () => {
    queued = false;
    if (!at || stage.widget.isDestroyed()) return;
    if (toolInput?.move) {
      const position = surfaceAt(stage, at);
      if (position) toolInput.move(position);
    } else if (quality.hover && tool.value === null) {
      hover(at);
    }
  };
  handler.setInputAction((event: { endPosition: Cartesian2 }) => {
    at = Cartesian2.clone(event.endPosition);
    if (queued) return;
    queued = true;
    requestAnimationFrame(look);
  }, ScreenSpaceEventType.MOUSE_MOVE);
  const leave = () => {
    at = null;
    hover(null);
  };
  scene.canvas.addEventListener('pointerleave', leave);
  stage.owner.own(() => scene.canvas.removeEventListener('pointerleave', leave));
}
