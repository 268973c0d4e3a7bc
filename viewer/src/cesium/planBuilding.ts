/** The planned building as a body in the scene, where its handles are, and the ground that it stands on. */
import {
  Cartesian2,
  Cartesian3,
  Cartographic,
  Color,
  ColorGeometryInstanceAttribute,
  GeometryInstance,
  PerInstanceColorAppearance,
  IntersectionTests,
  Math as CesiumMath,
  Matrix4,
  Plane,
  PolygonGeometry,
  Primitive,
  ShadowMode,
  Transforms,
} from '@cesium/engine';
import { effect, signal, untracked } from '@preact/signals';
import { bodyShown, changePlan, plan } from '../state/plan';
import { tool } from '../state/store';
import { centreOf, isSound, moved, type Plan, radiusOf, raised, turned } from '../sunstudy/plan';
import type { ScreenPoint } from './measure';
import type { Stage } from './stage';

const BODY = '#6d8fe8';
/** How far from the planned building its turning handle stands [m]. */
const HANDLE_GAP = 5;

export type HandleId = 'move' | 'height' | 'turn';
/** Where the handles of the planned building are on the canvas [CSS px]; null where there is none. */
export const handlePoints = signal<Record<HandleId, ScreenPoint> | null>(null);

/** The lowest ground under the corners [m above the ellipsoid]. */
export function baseOf(stage: Stage, { footprint }: Plan): number {
  const heights = footprint.map(([lon, lat]) =>
    stage.scene.globe.getHeight(Cartographic.fromDegrees(lon, lat)),
  );
  const known = heights.filter((height): height is number => height !== undefined);
  return known.length > 0 ? Math.min(...known) : stage.city.home.height;
}

function bodyOf(stage: Stage, shown: Plan): Primitive {
  const base = baseOf(stage, shown);
  return new Primitive({
    geometryInstances: new GeometryInstance({
      geometry: PolygonGeometry.fromPositions({
        positions: shown.footprint.map(([lon, lat]) => Cartesian3.fromDegrees(lon, lat)),
        height: base,
        extrudedHeight: base + shown.height,
        vertexFormat: PerInstanceColorAppearance.VERTEX_FORMAT,
      }),
      attributes: { color: ColorGeometryInstanceAttribute.fromColor(Color.fromCssColorString(BODY)) },
    }),
    appearance: new PerInstanceColorAppearance({ translucent: false, closed: true }),
    shadows: ShadowMode.ENABLED,
    asynchronous: false,
  });
}

function showBody(stage: Stage): void {
  const { primitives } = stage.scene;
  let body: Primitive | null = null;
  const drop = () => {
    if (body) primitives.remove(body);
    body = null;
  };
  stage.owner.own(drop);
  stage.owner.own(
    effect(() => {
      const shown = plan.value;
      const wanted = bodyShown.value;
      untracked(() => {
        drop();
        if (shown && wanted && isSound(shown.footprint))
          body = primitives.add(bodyOf(stage, shown)) as Primitive;
        stage.draw();
      });
    }),
  );
}

function onCanvas(stage: Stage, lon: number, lat: number, height: number): ScreenPoint | null {
  const at = stage.scene.cartesianToCanvasCoordinates(
    Cartesian3.fromDegrees(lon, lat, height),
    new Cartesian2(),
  );
  return at ? { x: at.x, y: at.y } : null;
}

function handlesOf(stage: Stage, shown: Plan): Record<HandleId, ScreenPoint> | null {
  const base = baseOf(stage, shown);
  const [lon, lat] = centreOf(shown.footprint);
  const aside = moved(shown, radiusOf(shown.footprint) + HANDLE_GAP, 0);
  const [turnLon, turnLat] = centreOf(aside.footprint);
  const move = onCanvas(stage, lon, lat, base);
  const height = onCanvas(stage, lon, lat, base + shown.height);
  const turn = onCanvas(stage, turnLon, turnLat, base);
  return move && height && turn ? { move, height, turn } : null;
}

const same = (a: Record<HandleId, ScreenPoint> | null, b: Record<HandleId, ScreenPoint> | null) =>
  JSON.stringify(a) === JSON.stringify(b);

function placeHandles(stage: Stage): void {
  const place = () => {
    const shown = plan.peek();
    const found = shown && tool.peek() === null ? handlesOf(stage, shown) : null;
    if (!same(found, handlePoints.peek())) handlePoints.value = found;
  };
  stage.owner.own(stage.scene.postRender.addEventListener(place));
  stage.owner.own(
    effect(() => {
      void [plan.value, tool.value];
      untracked(place);
    }),
  );
}

/** Where a point of the page looks at the horizontal plane through a place [m east and north of it]. */
function onPlane(stage: Stage, at: ScreenPoint, origin: Cartesian3): [number, number] | null {
  const frame = stage.scene.canvas.getBoundingClientRect();
  const ray = stage.scene.camera.getPickRay(new Cartesian2(at.x - frame.left, at.y - frame.top));
  if (!ray) return null;
  const up = Cartesian3.normalize(origin, new Cartesian3());
  const hit = IntersectionTests.rayPlane(ray, Plane.fromPointNormal(origin, up));
  if (!hit) return null;
  const toLocal = Matrix4.inverseTransformation(Transforms.eastNorthUpToFixedFrame(origin), new Matrix4());
  const local = Matrix4.multiplyByPoint(toLocal, hit, new Cartesian3());
  return [local.x, local.y];
}

/** Metres that a pixel up the page means at a place that stands upright. */
function metresUp(stage: Stage, base: Cartesian3): number {
  const up = Cartesian3.normalize(base, new Cartesian3());
  const top = Cartesian3.add(base, Cartesian3.multiplyByScalar(up, 10, up), new Cartesian3());
  const [a, b] = [base, top].map((place) =>
    stage.scene.cartesianToCanvasCoordinates(place, new Cartesian2()),
  );
  return a && b && a.y - b.y > 1 ? 10 / (a.y - b.y) : 0;
}

/** What dragging a handle from one point of the page to others does to the plan as it stood. */
export function dragOf(
  stage: Stage,
  handle: HandleId,
  from: ScreenPoint,
): ((to: ScreenPoint) => void) | null {
  const start = plan.peek();
  if (!start) return null;
  const [lon, lat] = centreOf(start.footprint);
  const origin = Cartesian3.fromDegrees(lon, lat, baseOf(stage, start));
  if (handle === 'height') {
    const metres = metresUp(stage, origin);
    return (to) => changePlan(() => raised(start, start.height + (from.y - to.y) * metres));
  }
  const before = onPlane(stage, from, origin);
  if (!before) return null;
  if (handle === 'move') {
    return (to) => {
      const now = onPlane(stage, to, origin);
      if (now) changePlan(() => moved(start, now[0] - before[0], now[1] - before[1]));
    };
  }
  const bearing = ([east, north]: [number, number]) => CesiumMath.toDegrees(Math.atan2(east, north));
  return (to) => {
    const now = onPlane(stage, to, origin);
    if (now) changePlan(() => turned(start, Math.round(bearing(now) - bearing(before))));
  };
}

export function showPlan(stage: Stage): void {
  showBody(stage);
  placeHandles(stage);
}
