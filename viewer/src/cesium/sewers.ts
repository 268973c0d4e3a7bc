/**
 * Storm drains of the shown flood, underground: pipes as lines whose width tells their diameter and whose colour how
 * full they are, nodes as points that stand out where water stands above the pipes or over the rim.
 */
import {
  ArcType,
  Cartesian2,
  Cartesian3,
  Color,
  ColorGeometryInstanceAttribute,
  GeometryInstance,
  type PointPrimitive,
  PointPrimitiveCollection,
  PolylineColorAppearance,
  PolylineGeometry,
  Primitive,
  SceneTransforms,
} from '@cesium/engine';
import { effect, untracked } from '@preact/signals';
import { DRAIN_COLOURS, NODE_COLOURS } from '../flood/drainColours';
import type { DrainLink, DrainNode, NodeState, Point, Sewers } from '../flood/sewers';
import { drainMoment, floodView, probe, sewers } from '../state/flood';
import { pickSensor } from '../state/sensors';
import { selection, theme } from '../state/store';
import { NO_DATA } from '../layers/ramps';
import type { Stage } from './stage';

/** Width of a pipe [px] by its diameter [m]: from thin to thick, so that it is seen from afar as well. */
const THIN = 4;
const PER_METRE = 5;
const THICK = 14;
const SIZE: Record<NodeState, number> = { free: 6, surcharged: 9, over: 13 };
/** Points of a line nearer to each other than this make no line [m]. */
const LEAST_LENGTH = 0.01;
/** How far around a click a pipe or node is looked for [px]. */
const AROUND = 6;

/** What a click on a drain finds. */
class DrainId {
  constructor(
    readonly kind: 'node' | 'link',
    readonly index: number,
  ) {}
}

const widthOf = (link: DrainLink) =>
  Math.min(THICK, THIN + PER_METRE * Math.max(link.full_depth ?? 0, link.width ?? 0));

function instanceOf(link: DrainLink): GeometryInstance | null {
  const positions = link.line.map((point) => Cartesian3.fromDegrees(...point));
  const apart = positions.some((at) => Cartesian3.distance(at, positions[0]!) > LEAST_LENGTH);
  if (!apart) return null;
  return new GeometryInstance({
    id: new DrainId('link', link.index),
    geometry: new PolylineGeometry({
      positions,
      width: widthOf(link),
      arcType: ArcType.NONE,
      vertexFormat: PolylineColorAppearance.VERTEX_FORMAT,
    }),
    attributes: { color: ColorGeometryInstanceAttribute.fromColor(Color.fromCssColorString(NO_DATA)) },
  });
}

function addNode(points: PointPrimitiveCollection, node: DrainNode): PointPrimitive {
  return points.add({ id: new DrainId('node', node.index), position: Cartesian3.fromDegrees(...node.place) });
}

function showDrains(stage: Stage, shown: Sewers): () => void {
  const { primitives } = stage.scene;
  const instances = [...shown.links.values()].flatMap((link) => instanceOf(link) ?? []);
  const pipes = primitives.add(
    new Primitive({
      geometryInstances: instances,
      appearance: new PolylineColorAppearance({ translucent: false }),
      asynchronous: false,
    }),
  ) as Primitive;
  const points = primitives.add(new PointPrimitiveCollection()) as PointPrimitiveCollection;
  const nodes = [...shown.nodes.values()].map((node) => ({ node, point: addNode(points, node) }));
  const drawn = new Map<number, string>();
  let stale = true;

  /** The colours of pipes can be set once these have been drawn. */
  const colourPipes = () => {
    if (!stale || !pipes.ready) return;
    stale = false;
    for (const { id } of instances as { id: DrainId }[]) {
      const grade = shown.gradeOf(id.index, drainMoment.peek());
      const colour = grade === null ? NO_DATA : DRAIN_COLOURS[grade]!;
      if (drawn.get(id.index) === colour) continue;
      drawn.set(id.index, colour);
      const attributes = pipes.getGeometryInstanceAttributes(id) as { color: Uint8Array };
      attributes.color = ColorGeometryInstanceAttribute.toValue(Color.fromCssColorString(colour));
    }
    stage.draw();
  };
  const markNodes = (outline: Color) => {
    for (const { node, point } of nodes) {
      const state = shown.stateOf(node.index, drainMoment.peek());
      point.pixelSize = SIZE[state];
      point.color = Color.fromCssColorString(NODE_COLOURS[state]);
      point.outlineColor = outline;
      point.outlineWidth = state === 'free' ? 1 : 2;
      // what stands over the rim is seen from above as well, where the ground may be a little coarser
      point.disableDepthTestDistance = state === 'over' ? Number.POSITIVE_INFINITY : 0;
    }
  };

  const unlisten = stage.scene.postRender.addEventListener(colourPipes);
  const follow = effect(() => {
    const view = floodView.value;
    const outline = Color.fromCssColorString(theme.value === 'dark' ? '#10151b' : '#ffffff');
    void drainMoment.value;
    untracked(() => {
      pipes.show = points.show = Boolean(view?.visible && view.drains);
      if (!pipes.show) return;
      stale = true;
      colourPipes();
      markNodes(outline);
      stage.draw();
    });
  });
  return () => {
    follow();
    unlisten();
    primitives.remove(pipes);
    primitives.remove(points);
    stage.draw();
  };
}

export function showSewers(stage: Stage): void {
  stage.owner.own(
    effect(() => {
      const shown = sewers.value;
      return shown ? untracked(() => showDrains(stage, shown)) : undefined;
    }),
  );
}

/** The middle of a link's points. */
function middleOf({ line }: DrainLink): Point {
  const [a, b] = [line[Math.floor((line.length - 1) / 2)]!, line[Math.ceil((line.length - 1) / 2)]!];
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2];
}

/** Where a node or link stands for marks on the map. */
function placeOf(shown: Sewers, { kind, index }: DrainId): Point | undefined {
  if (kind === 'node') return shown.nodes.get(index)?.place;
  const link = shown.links.get(index);
  return link && middleOf(link);
}

/** The drains that are shown, how they are, and where: states of nodes, grades of pipes. */
export function drainsShown(): { id: string; place: Point; state: string }[] {
  const shown = shownDrains();
  if (!shown) return [];
  const moment = drainMoment.peek();
  const nodes = [...shown.nodes.values()].map(({ id, index, place }) => ({
    id,
    place,
    state: shown.stateOf(index, moment) as string,
  }));
  const links = [...shown.links.values()].map((link) => ({
    id: link.id,
    place: middleOf(link),
    state: String(shown.gradeOf(link.index, moment)),
  }));
  return [...nodes, ...links];
}

const shownDrains = (): Sewers | null => {
  const view = floodView.peek();
  return view?.visible && view.drains ? sewers.peek() : null;
};

/** How far a point is from the line between two others. */
function distanceToLine(at: Cartesian2, a: Cartesian2, b: Cartesian2): number {
  const along = Cartesian2.subtract(b, a, new Cartesian2());
  const from = Cartesian2.subtract(at, a, new Cartesian2());
  const length = Cartesian2.magnitudeSquared(along);
  const part = length > 0 ? Math.min(1, Math.max(0, Cartesian2.dot(from, along) / length)) : 0;
  return Cartesian2.distance(from, Cartesian2.multiplyByScalar(along, part, along));
}

/** The node, else the pipe, that is drawn at a point of the canvas, whatever lies before it. */
function drainAt({ scene }: Stage, shown: Sewers, at: Cartesian2): DrainId | undefined {
  const onScreen = (point: Point) =>
    SceneTransforms.worldToWindowCoordinates(scene, Cartesian3.fromDegrees(...point), new Cartesian2());
  let nearest = Infinity;
  let found: DrainId | undefined;
  const consider = (id: DrainId, distance: number) => {
    if (distance < nearest) [nearest, found] = [distance, id];
  };
  for (const { index, place } of shown.nodes.values()) {
    const seen = onScreen(place);
    const reach = SIZE[shown.stateOf(index, drainMoment.peek())] / 2 + AROUND;
    const distance = seen ? Cartesian2.distance(at, seen) : Infinity;
    if (distance <= reach) consider(new DrainId('node', index), distance);
  }
  if (found) return found;
  for (const link of shown.links.values()) {
    const line = link.line.map(onScreen);
    for (let i = 1; i < line.length; i++) {
      const [a, b] = [line[i - 1], line[i]];
      const distance = a && b ? distanceToLine(at, a, b) : Infinity;
      if (distance <= widthOf(link) / 2 + AROUND) consider(new DrainId('link', link.index), distance);
    }
  }
  return found;
}

/** Asks about the drain at a point of the canvas; under glass ground also behind what `passes` lets through. */
export function probeDrain(stage: Stage, at: Cartesian2, passes: (picked: unknown) => boolean): boolean {
  const shown = shownDrains();
  if (!shown) return false;
  const top = stage.scene.pick(at) as { id?: unknown } | undefined;
  const through = stage.scene.globe.translucency.enabled && (!top || passes(top));
  const id = top?.id instanceof DrainId ? top.id : through ? drainAt(stage, shown, at) : undefined;
  const place = id && placeOf(shown, id);
  if (!id || !place) return false;
  selection.value = null;
  pickSensor(null);
  probe.value = { kind: id.kind, index: id.index, longitude: place[0], latitude: place[1] };
  return true;
}
