/**
 * `window.twin`: what tests and curious people may ask of the running viewer; nothing in it changes the view.
 * See `docs/viewer.md`.
 */
import { Cartesian2, Cartesian3, SceneTransforms } from '@cesium/engine';
import { type CameraState, layerHealth, layerInfo, layers, pending, selection } from '../state/store';
import { readCamera } from './camera';
import { pickAt } from './picking';
import type { Stage } from './stage';
import { tilesets } from './tilesets';

export interface TwinHooks {
  /** Settles when the first view stands: every visible layer's tiles are loaded. */
  ready: Promise<void>;
  picked: () => string | null;
  camera: () => CameraState;
  /** Whether nothing is left to load for the present view. */
  loaded: () => boolean;
  /** Layer id → error text, for layers that failed while loading. */
  errors: () => Record<string, string>;
  /** Where a place appears in the page [CSS px], or null when it is behind the camera. */
  project: (lon: number, lat: number, height: number) => [number, number] | null;
  /** The id of the object at a point of the page, without selecting it. */
  objectAt: (x: number, y: number) => string | null;
}

declare global {
  interface Window {
    twin?: TwinHooks;
  }
}

export function isLoaded(stage: Stage): boolean {
  const opening = layers.value.some(
    (view) => view.visible && layerInfo(view.id)?.state === 'ready' && isOpening(view.id),
  );
  const tilesDone = [...tilesets.value.values()].every(({ tileset }) => !tileset.show || tileset.tilesLoaded);
  return !opening && pending.value === 0 && tilesDone && stage.scene.globe.tilesLoaded;
}

const isOpening = (id: string) => !tilesets.value.has(id) && !layerHealth.value[id]?.error;

export function exposeHooks(stage: Stage, ready: Promise<void>): void {
  const { scene } = stage;
  window.twin = {
    ready,
    picked: () => selection.value,
    camera: () => readCamera(stage),
    loaded: () => isLoaded(stage),
    errors: () =>
      Object.fromEntries(
        Object.entries(layerHealth.value).flatMap(([id, health]) =>
          health.error ? [[id, health.error]] : [],
        ),
      ),
    project(lon, lat, height) {
      const at = SceneTransforms.worldToWindowCoordinates(
        scene,
        Cartesian3.fromDegrees(lon, lat, height),
        new Cartesian2(),
      );
      if (!at) return null;
      const frame = scene.canvas.getBoundingClientRect();
      return [at.x + frame.left, at.y + frame.top];
    },
    objectAt(x, y) {
      const frame = scene.canvas.getBoundingClientRect();
      return pickAt(stage, new Cartesian2(x - frame.left, y - frame.top));
    },
  };
  stage.owner.own(() => delete window.twin);
}
