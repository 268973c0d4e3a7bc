/** How the scene is drawn: solid light matter in the street view, thin glass with edges over the camera. */
import {
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  CircleGeometry,
  Color,
  DoubleSide,
  Group,
  Line,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  Sprite,
  SpriteMaterial,
  SRGBColorSpace,
  type Material,
  type Object3D,
} from 'three';
import { STATE_COLOURS } from '../sensors/symbols';
import type { SensorMark } from './answers';
import { type Content, chosenTriangles, type Part } from './content';
import type { Point } from './frame';

export interface Looks {
  sky: number;
  ground: number;
  edge: number;
  /** How much of an object's own colour is mixed with white or grey. */
  paper: number;
}
export const LOOKS: Record<'light' | 'dark', Looks> = {
  light: { sky: 0xdbe6ef, ground: 0xd9d6cd, edge: 0x5b6675, paper: 0xf3f1ec },
  dark: { sky: 0x1a222d, ground: 0x2b3038, edge: 0x93a1b5, paper: 0x6b7480 },
};
const PICKED = 0xffa51f;
const GLASS = 0xbfdcff;
const WAY = 0x1f6fe0;
const BURIED = 0x0f8596;
/** Larger than any scene [m]. */
const FAR_GROUND = 3000;
const LIFT = 0.15;

const opaque = (colour: Color) => new MeshLambertMaterial({ color: colour, side: DoubleSide });
/** Only into the depth buffer, a little behind the real surface, so that the glass on it is not hidden. */
const hiding = new MeshBasicMaterial({
  colorWrite: false,
  side: DoubleSide,
  polygonOffset: true,
  polygonOffsetFactor: 1,
  polygonOffsetUnits: 4,
});

const KEPT = new Set<Material>([hiding]);

/** Empties a group and gives its memory back. */
export function clear(group: Object3D): void {
  for (const child of [...group.children]) {
    group.remove(child);
    const { geometry, material } = child as Partial<Mesh>;
    geometry?.dispose();
    for (const one of [material ?? []].flat()) if (!KEPT.has(one)) one.dispose();
  }
}

export function solids(content: Content, looks: Looks): Object3D[] {
  const paper = new Color(looks.paper);
  const meshes = content.parts.map(
    ({ geometry, colour }) => new Mesh(geometry, opaque(new Color(...colour).lerp(paper, 0.55))),
  );
  return [...meshes, edges(content, looks.edge, 0.55)];
}

export function glass(content: Content): Object3D[] {
  const material = new MeshLambertMaterial({
    color: GLASS,
    transparent: true,
    opacity: 0.22,
    side: DoubleSide,
    depthWrite: false,
  });
  return [
    ...content.parts.map(({ geometry }) => new Mesh(geometry, material)),
    edges(content, 0xffffff, 0.9),
  ];
}

function edges(content: Content, color: number, opacity: number): Object3D {
  return new LineSegments(content.edges, new LineBasicMaterial({ color, transparent: true, opacity }));
}

/** What lies below the ground, seen through it. */
export function buried(content: Content): Object3D[] {
  const material = new MeshBasicMaterial({
    color: BURIED,
    transparent: true,
    opacity: 0.7,
    depthTest: false,
    side: DoubleSide,
  });
  return content.parts.map(({ geometry }) => new Mesh(geometry, material));
}

export const occluders = (geometries: BufferGeometry[]): Object3D[] =>
  geometries.map((geometry) => new Mesh(geometry, hiding));

/** The terrain, and a plain below it that reaches to the horizon. */
export function earth(geometries: BufferGeometry[], looks: Looks): Object3D[] {
  const color = new Color(looks.ground);
  let lowest = 0;
  const terrain = geometries.map((geometry) => {
    geometry.computeBoundingBox();
    geometry.computeVertexNormals();
    lowest = Math.min(lowest, geometry.boundingBox!.min.y);
    return new Mesh(geometry, opaque(color));
  });
  const plain = new Mesh(new CircleGeometry(FAR_GROUND, 48).rotateX(-Math.PI / 2), opaque(color));
  plain.position.y = lowest - (terrain.length > 0 ? 0.5 : 0.02);
  return [...terrain, plain];
}

/** The objects with these ids, laid over themselves. */
export function highlight(parts: Part[], ids: string[], wanted: ReadonlySet<string>): Object3D[] {
  const material = new MeshBasicMaterial({
    color: PICKED,
    transparent: true,
    opacity: 0.55,
    side: DoubleSide,
    depthWrite: false,
    polygonOffset: true,
    polygonOffsetFactor: -1,
    polygonOffsetUnits: -4,
  });
  return parts.flatMap((part) => {
    const found = chosenTriangles(part, (feature) => wanted.has(ids[feature] ?? ''));
    return found ? [new Mesh(found, material)] : [];
  });
}

/** A ribbon on the ground, which is seen through what stands before it. */
export function ribbon(points: Point[], width = 0.7): Object3D[] {
  const corners: number[] = [];
  const index: number[] = [];
  points.forEach(([x, y, z], n) => {
    const before = points[Math.max(n - 1, 0)]!;
    const after = points[Math.min(n + 1, points.length - 1)]!;
    const [east, south] = [after[0] - before[0], after[2] - before[2]];
    const side = width / 2 / (Math.hypot(east, south) || 1);
    corners.push(x - south * side, y + LIFT, z + east * side, x + south * side, y + LIFT, z - east * side);
    if (n > 0) index.push(2 * n - 2, 2 * n - 1, 2 * n, 2 * n, 2 * n - 1, 2 * n + 1);
  });
  const shape = new BufferGeometry();
  shape.setAttribute('position', new BufferAttribute(new Float32Array(corners), 3));
  shape.setIndex(index);
  const color = WAY;
  const band = new Mesh(
    shape,
    new MeshBasicMaterial({ color, transparent: true, opacity: 0.85, side: DoubleSide, depthTest: false }),
  );
  const line = new BufferGeometry();
  line.setAttribute('position', new BufferAttribute(new Float32Array(points.flat()), 3));
  return [band, new Line(line, new LineBasicMaterial({ color, depthTest: false }))];
}

const DISCS = new Map<string, CanvasTexture>();
const DISC_PIXELS = 64;

/** A disc with a white rim, drawn once for each colour. */
function disc(colour: string): CanvasTexture {
  const known = DISCS.get(colour);
  if (known) return known;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = DISC_PIXELS;
  const pen = canvas.getContext('2d')!;
  pen.arc(DISC_PIXELS / 2, DISC_PIXELS / 2, DISC_PIXELS / 2 - 6, 0, 2 * Math.PI);
  [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [colour, '#fff', 8];
  pen.fill();
  pen.stroke();
  const made = new CanvasTexture(canvas);
  made.colorSpace = SRGBColorSpace;
  DISCS.set(colour, made);
  return made;
}

/** Discs in the colours of the sensors' states, all of one size on the screen. */
export function discs(marks: SensorMark[]): Object3D[] {
  return marks.map(({ id, local, state }) => {
    const sprite = new Sprite(
      new SpriteMaterial({ map: disc(STATE_COLOURS[state]), sizeAttenuation: false, depthTest: false }),
    );
    sprite.position.set(...local);
    sprite.scale.setScalar(0.03);
    sprite.name = String(id);
    return sprite;
  });
}

export const groupOf = (name: string): Group => Object.assign(new Group(), { name });
