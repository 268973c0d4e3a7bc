/** Marks of simulations on the canvas: the box that a run is wanted for, and the cell that was asked about. */
import { Cartesian2, Cartesian3, Cartographic, Math as CesiumMath } from '@cesium/engine';
import { effect, signal, untracked } from '@preact/signals';
import { areaBox, type Box } from '../state/area';
import { floodView, probe, water } from '../state/flood';
import { sidePanel, tool } from '../state/store';
import type { ScreenPoint } from './measure';
import { takeClicks } from './picking';
import type { Stage } from './stage';

/** The corners of the box [CSS px], empty when there is none. */
export const boxPoints = signal<ScreenPoint[]>([]);
export const probePoint = signal<ScreenPoint | null>(null);

const same = (a: ScreenPoint[], b: ScreenPoint[]) =>
  a.length === b.length && a.every((point, index) => point.x === b[index]!.x && point.y === b[index]!.y);

function placeOf(position: Cartesian3): [number, number] {
  const place = Cartographic.fromCartesian(position);
  return [CesiumMath.toDegrees(place.longitude), CesiumMath.toDegrees(place.latitude)];
}

const boxOf = (a: [number, number], b: [number, number]): Box => [
  Math.min(a[0], b[0]),
  Math.min(a[1], b[1]),
  Math.max(a[0], b[0]),
  Math.max(a[1], b[1]),
];

function drawBox(): () => void {
  let first: [number, number] | null = null;
  const before = areaBox.peek();
  areaBox.value = null;
  const giveBack = takeClicks({
    point(position) {
      const place = placeOf(position);
      if (!first) {
        first = place;
        return;
      }
      const box = boxOf(first, place);
      if (box[0] === box[2] || box[1] === box[3]) return;
      first = null;
      areaBox.value = box;
      tool.value = null;
    },
    move(position) {
      if (first) areaBox.value = boxOf(first, placeOf(position));
    },
  });
  return () => {
    giveBack();
    if (first) areaBox.value = before;
  };
}

export function markRuns(stage: Stage): void {
  const { scene, city } = stage;
  const onCanvas = (lon: number, lat: number, height: number): ScreenPoint | null => {
    const position = Cartesian3.fromDegrees(lon, lat, height);
    const at = scene.cartesianToCanvasCoordinates(position, new Cartesian2());
    return at ? { x: at.x, y: at.y } : null;
  };
  const project = (lon: number, lat: number, height: number): ScreenPoint[] => {
    const at = onCanvas(lon, lat, scene.globe.getHeight(Cartographic.fromDegrees(lon, lat)) ?? height);
    return at ? [at] : [];
  };
  const place = () => {
    const box = sidePanel.peek() === 'simulate' || tool.peek() === 'box' ? areaBox.peek() : null;
    const { height } = city.home;
    const points = box
      ? [
          ...project(box[0], box[1], height),
          ...project(box[2], box[1], height),
          ...project(box[2], box[3], height),
          ...project(box[0], box[3], height),
        ]
      : [];
    if (!same(points, boxPoints.peek())) boxPoints.value = points;
    const asked = probe.peek();
    const mark =
      asked?.kind === 'sun'
        ? onCanvas(asked.longitude, asked.latitude, asked.height)
        : asked && floodView.peek()?.visible && water.peek()
          ? (project(asked.longitude, asked.latitude, height)[0] ?? null)
          : null;
    const before = probePoint.peek();
    if (mark?.x !== before?.x || mark?.y !== before?.y) probePoint.value = mark;
  };
  stage.owner.own(scene.postRender.addEventListener(place));
  stage.owner.own(
    effect(() => {
      void [areaBox.value, probe.value, sidePanel.value, floodView.value, water.value];
      untracked(place);
    }),
  );
  stage.owner.own(effect(() => (tool.value === 'box' ? untracked(drawBox) : undefined)));
}
