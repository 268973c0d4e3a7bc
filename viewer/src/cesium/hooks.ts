/**
 * `window.twin`: what tests and curious people may ask of the running viewer; nothing in it changes the view.
 * See `docs/viewer.md`.
 */
import { Cartesian2, Cartesian3, SceneTransforms } from '@cesium/engine';
import { type CameraState, layerHealth, layerInfo, layers, pending, selection } from '../state/store';
import { answer } from '../charts/data';
import type { SensorState } from '../client/sensorTypes';
import { pickedSensor, sensors, streaming } from '../state/sensors';
import { readCamera } from './camera';
import { pickAt } from './picking';
import { symbolAt, symbols } from './sensors';
import { drainsShown } from './sewers';
import type { Stage } from './stage';
import { surfaceLayers } from './surfaces';
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
  /** The sensor symbols that are drawn, where they are in the page [CSS px], and what each stands for. */
  symbols: () => { id: number; x: number; y: number; state: SensorState; hidden: number[] }[];
  /** The id of the picked sensor, or null. */
  pickedSensor: () => number | null;
  /** The readings that the chart draws, by datastream. */
  charted: () => Record<number, (number | null)[]>;
  /** Whether readings come by themselves. */
  streaming: () => boolean;
  /** The storm drains that are shown: places, states of nodes (`free`, `surcharged`, `over`), grades of pipes. */
  drains: () => { id: string; place: [number, number, number]; state: string }[];
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
  const tilesDone = [...tilesets.value.values(), ...surfaceLayers.value].every(
    ({ tileset }) => !tileset.show || tileset.tilesLoaded,
  );
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
      const at = new Cartesian2(x - frame.left, y - frame.top);
      return symbolAt(at) ? null : pickAt(stage, at);
    },
    symbols() {
      const frame = scene.canvas.getBoundingClientRect();
      return symbols.value.map(({ id, x, y, hidden }) => ({
        id,
        x: x + frame.left,
        y: y + frame.top,
        state: sensors.value.get(id)?.state ?? 'ok',
        hidden,
      }));
    },
    pickedSensor: () => pickedSensor.value,
    charted: () =>
      Object.fromEntries((answer.value?.series ?? []).map((part) => [part.datastream, part.values])),
    streaming: () => streaming.value === true,
    drains: drainsShown,
  };
  stage.owner.own(() => delete window.twin);
}
