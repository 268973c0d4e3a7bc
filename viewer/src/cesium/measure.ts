/** Measuring distance, height and area on the model; the drawing itself is an SVG laid over the canvas. */
import { Cartesian2, Cartesian3, Cartographic, EllipsoidGeodesic, Matrix4, Transforms } from '@cesium/engine';
import { effect, signal } from '@preact/signals';
import { tool } from '../state/store';
import { takeClicks } from './picking';
import type { Stage } from './stage';

export type Measure = 'distance' | 'height' | 'area';

export interface Measurement {
  kind: Measure;
  points: number;
  done: boolean;
  /** Along the line [m], and its horizontal length [m]. */
  length: number;
  horizontal: number;
  /** Height of the last point over the first [m]. */
  rise: number;
  /** Horizontal area [m²]. */
  area: number;
}

export interface ScreenPoint {
  x: number;
  y: number;
}

export const measurement = signal<Measurement | null>(null);
/** The drawn points on the canvas [CSS px], and the one under the mouse last. */
export const drawnPoints = signal<ScreenPoint[]>([]);

const geodesic = new EllipsoidGeodesic();

function horizontalDistance(a: Cartesian3, b: Cartesian3): number {
  geodesic.setEndPoints(Cartographic.fromCartesian(a), Cartographic.fromCartesian(b));
  return geodesic.surfaceDistance;
}

/** The area that points enclose on the horizontal plane through the first [m²]. */
export function enclosedArea(points: Cartesian3[]): number {
  const [origin] = points;
  if (!origin || points.length < 3) return 0;
  const toLocal = Matrix4.inverseTransformation(Transforms.eastNorthUpToFixedFrame(origin), new Matrix4());
  const flat = points.map((point) => Matrix4.multiplyByPoint(toLocal, point, new Cartesian3()));
  let twice = 0;
  flat.forEach((a, index) => {
    const b = flat[(index + 1) % flat.length]!;
    twice += a.x * b.y - b.x * a.y;
  });
  return Math.abs(twice) / 2;
}

export function measure(kind: Measure, points: Cartesian3[], done: boolean): Measurement {
  let length = 0;
  let horizontal = 0;
  for (let index = 1; index < points.length; index++) {
    length += Cartesian3.distance(points[index - 1]!, points[index]!);
    horizontal += horizontalDistance(points[index - 1]!, points[index]!);
  }
  const [first, last] = [points[0], points.at(-1)];
  const rise =
    first && last ? Cartographic.fromCartesian(last).height - Cartographic.fromCartesian(first).height : 0;
  return { kind, points: points.length, done, length, horizontal, rise, area: enclosedArea(points) };
}

function startDrawing(stage: Stage, kind: Measure): () => void {
  let fixed: Cartesian3[] = [];
  let floating: Cartesian3 | null = null;
  let done = false;
  const most = kind === 'height' ? 2 : Infinity;

  const show = () => {
    const points = floating && !done && fixed.length > 0 ? [...fixed, floating] : fixed;
    measurement.value = measure(kind, points, done);
    drawnPoints.value = points.flatMap((point) => {
      const at = stage.scene.cartesianToCanvasCoordinates(point, new Cartesian2());
      return at ? [{ x: at.x, y: at.y }] : [];
    });
  };
  const giveBack = takeClicks({
    point(position) {
      if (done) {
        fixed = [];
        done = false;
      }
      const last = fixed.at(-1);
      if (last && Cartesian3.distance(last, position) < 0.05) return;
      fixed = [...fixed, Cartesian3.clone(position)];
      done = fixed.length >= most;
      show();
    },
    move(position) {
      floating = Cartesian3.clone(position);
      if (!done && fixed.length > 0) show();
    },
    finish() {
      done = fixed.length > 1;
      show();
    },
  });
  show();
  const unfollow = stage.scene.postRender.addEventListener(() => fixed.length > 0 && show());
  return () => {
    unfollow();
    giveBack();
    measurement.value = null;
    drawnPoints.value = [];
  };
}

export function offerMeasuring(stage: Stage): void {
  stage.owner.own(
    effect(() => {
      const kind = tool.value;
      if (kind === 'distance' || kind === 'height' || kind === 'area') return startDrawing(stage, kind);
      return undefined;
    }),
  );
}
