/** Shows the flood in the scene: keeps its surface in step with the shown run and time, and plays it. */
import { type Cartesian3, Cartographic, Math as CesiumMath } from '@cesium/engine';
import { effect, untracked } from '@preact/signals';
import { legendColours, paintOf } from '../flood/figures';
import { cellAt, framesAt, meshOf, surfaceOf } from '../flood/grid';
import type { Water } from '../flood/water';
import {
  floodError,
  type FloodMode,
  floodPlaying,
  floodSpeed,
  floodTime,
  floodView,
  moveFlood,
  probe,
  water,
} from '../state/flood';
import { detailOf } from '../state/runs';
import { selection } from '../state/store';
import { pickSensor } from '../state/sensors';
import type { Stage } from './stage';
import { WaterSurface } from './waterSurface';

/** Ripples move so fast [rad/s]. */
const RIPPLES = 1.4;
const MOST_STEP_MS = 400;

function showWater(stage: Stage, shown: Water): () => void {
  const mesh = meshOf(shown.file, shown.maximum);
  const surface = new WaterSurface(shown.file, mesh, shown.elevation);
  stage.scene.primitives.add(surface);
  let ended = false;
  let wanted = '';
  let drawn = '';

  /** Fetches what a view wants; the answer puts it on the surface. */
  const fetched = async (mode: FloodMode, before: number, after: number): Promise<() => void> => {
    const figure = shown.figureOf(mode);
    if (figure) {
      const values = await shown.figure(figure);
      return () => {
        paintOf(mesh, shown.maximum, shown.elevation, figure, values, surface.values);
        surface.paint(legendColours(figure), figure.legend.classes?.length);
      };
    }
    const [early, late] =
      mode === 'time'
        ? await Promise.all([shown.frame(before), shown.frame(after)])
        : [shown.maximum, shown.maximum];
    return () => {
      surfaceOf(mesh, early, shown.elevation, surface.values, 0);
      surfaceOf(mesh, late, shown.elevation, surface.values, 2);
      surface.paint(null);
    };
  };

  const fill = async (key: string, ...asked: Parameters<typeof fetched>): Promise<void> => {
    const put = await fetched(...asked);
    if (ended || key !== wanted) return;
    put();
    surface.changed();
    drawn = key;
    floodError.value = null;
  };

  const follow = effect(() => {
    const view = floodView.value;
    if (!view) return;
    surface.show = view.visible;
    surface.opacity = view.opacity;
    const { before, after, share } =
      view.mode === 'time'
        ? framesAt(shown.file.times, floodTime.value)
        : { before: -1, after: -1, share: 0 };
    const key = `${view.mode} ${before} ${after}`;
    const set = () => {
      if (ended || key !== wanted) return;
      surface.share = share;
      stage.draw();
    };
    untracked(() => {
      if (key === drawn) {
        wanted = key;
        set();
        return;
      }
      if (key !== wanted) {
        wanted = key;
        fill(key, view.mode, before, after)
          .then(set)
          .catch((error: unknown) => {
            wanted = '';
            floodPlaying.value = false;
            floodError.value = detailOf(error);
          });
      }
    });
  });

  const play = effect(() => {
    if (!floodPlaying.value) return undefined;
    let last = performance.now();
    let frame = requestAnimationFrame(function step(now) {
      const passed = Math.min(MOST_STEP_MS, now - last) / 1000;
      last = now;
      if (wanted === drawn) {
        surface.phase += passed * RIPPLES;
        moveFlood(floodTime.peek() + passed * floodSpeed.peek());
        if (floodTime.peek() >= shown.duration) floodPlaying.value = false;
      }
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  });

  return () => {
    ended = true;
    follow();
    play();
    stage.scene.primitives.remove(surface);
    stage.draw();
  };
}

export function showFloods(stage: Stage): void {
  stage.owner.own(
    effect(() => {
      const shown = water.value;
      if (!shown) return undefined;
      return untracked(() => showWater(stage, shown));
    }),
  );
}

/** Asks about the water at a place; false where the shown flood leaves it dry. */
export function probeAt(position: Cartesian3): boolean {
  const shown = water.peek();
  if (!shown || !floodView.peek()?.visible) return false;
  const place = Cartographic.fromCartesian(position);
  const longitude = CesiumMath.toDegrees(place.longitude);
  const latitude = CesiumMath.toDegrees(place.latitude);
  const cell = cellAt(shown.file, longitude, latitude);
  if (!cell || shown.maximumAt(cell) < shown.file.legend.stops[0]!) return false;
  selection.value = null;
  pickSensor(null);
  probe.value = { kind: 'water', ...cell, longitude, latitude };
  return true;
}
