/** Drawing the footprint of a planned building, and choosing the buildings that make room for it. */
import { Cartesian2, Cartesian3, Cartographic, Math as CesiumMath } from '@cesium/engine';
import { effect, signal } from '@preact/signals';
import type { Ring } from '../client/sun';
import { plan, planError, startPlan, toggleRazed } from '../state/plan';
import { detailOf } from '../state/runs';
import { toast, tool } from '../state/store';
import { boxAt, isSound, MOST_CORNERS } from '../sunstudy/plan';
import type { ScreenPoint } from './measure';
import { pickAt, surfaceAt, takeClicks } from './picking';
import type { Stage } from './stage';

/** The corners of a footprint that is being drawn [CSS px], the one under the mouse last. */
export const footprintPoints = signal<ScreenPoint[]>([]);

/** Height of a building that has just been drawn [m]. */
const FIRST_HEIGHT = 30;
/** Sides of one that is put into the middle of the view [m]. */
const BOX = [24, 14] as const;
/** A click so near to the first corner closes the footprint [CSS px]. */
const CLOSING = 12;

const placeOf = (position: Cartesian3): [number, number] => {
  const place = Cartographic.fromCartesian(position);
  return [CesiumMath.toDegrees(place.longitude), CesiumMath.toDegrees(place.latitude)];
};

function drawFootprint(stage: Stage): () => void {
  let corners: Cartesian3[] = [];
  let floating: Cartesian3 | null = null;
  const onCanvas = (position: Cartesian3) =>
    stage.scene.cartesianToCanvasCoordinates(position, new Cartesian2()) as Cartesian2 | undefined;
  const show = () => {
    const points = floating && corners.length > 0 ? [...corners, floating] : corners;
    footprintPoints.value = points.flatMap((point) => {
      const at = onCanvas(point);
      return at ? [{ x: at.x, y: at.y }] : [];
    });
  };
  const finish = () => {
    const footprint: Ring = corners.map(placeOf);
    if (!isSound(footprint)) {
      toast.value = { key: 'plan.unsound' };
      return;
    }
    startPlan({ footprint, height: FIRST_HEIGHT, removed: [] });
  };
  const giveBack = takeClicks({
    point(position, at) {
      const first = corners[0] && onCanvas(corners[0]);
      if (corners.length > 2 && first && Cartesian2.distance(first, at) < CLOSING) {
        finish();
        return;
      }
      const last = corners.at(-1);
      if (corners.length >= MOST_CORNERS || (last && Cartesian3.distance(last, position) < 0.3)) return;
      corners = [...corners, Cartesian3.clone(position)];
      show();
    },
    move(position) {
      floating = Cartesian3.clone(position);
      if (corners.length > 0) show();
    },
    finish,
  });
  const unfollow = stage.scene.postRender.addEventListener(() => corners.length > 0 && show());
  return () => {
    unfollow();
    giveBack();
    footprintPoints.value = [];
  };
}

function chooseRemoved(stage: Stage): () => void {
  return takeClicks({
    point(_, at) {
      const id = pickAt(stage, at);
      if (id !== null) void toggleRazed(id).catch((error: unknown) => (planError.value = detailOf(error)));
    },
  });
}

/** Puts a box into the middle of the view. */
export function placeBox(stage: Stage): void {
  const { clientWidth, clientHeight } = stage.scene.canvas;
  const middle = surfaceAt(stage, new Cartesian2(clientWidth / 2, clientHeight / 2));
  const { lon, lat } = stage.city.home;
  const [atLon, atLat] = middle ? placeOf(middle) : [lon, lat];
  startPlan(boxAt(atLon, atLat, ...BOX, FIRST_HEIGHT));
}

export function offerPlanning(stage: Stage): void {
  stage.owner.own(
    effect(() => {
      if (tool.value === 'plan') return drawFootprint(stage);
      if (tool.value === 'raze' && plan.peek()) return chooseRemoved(stage);
      return undefined;
    }),
  );
}
