/** The picture: one renderer, a world in the frame of the scene, and an eye in it. Drawn only when something changed. */
import {
  type BufferGeometry,
  Color,
  DirectionalLight,
  DoubleSide,
  Fog,
  HemisphereLight,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  type Quaternion,
  Raycaster,
  Scene,
  Vector2,
  Vector3,
  WebGLRenderer,
} from 'three';
import type { SensorMark } from './answers';
import type { Content } from './content';
import type { Point } from './frame';
import {
  buried,
  clear,
  discs,
  earth,
  glass,
  groupOf,
  highlight,
  LOOKS,
  occluders,
  ribbon,
  solids,
} from './matter';
import type { Mode } from './state';
import { fieldOfView, lookAlong, type Look } from './turn';

/** Height of an eye above the ground [m], as `/ar/pick` assumes it; in WebXR the device knows better. */
export const EYE = 1.6;
const STREET_VIEW = 65;
/** How near to a sensor's sign a tap has to be [CSS px]. */
const TAP = 26;
const DOWN = new Vector3(0, -1, 0);
const UP = new Vector3(0, 1, 0);
/** For rays, which meet faces from both sides. */
const SEEN = new MeshBasicMaterial({ side: DoubleSide });

export interface Surroundings {
  content: Content;
  underground: Content | null;
  ground: BufferGeometry[];
  hiding: BufferGeometry[];
}

export class Stage {
  readonly renderer: WebGLRenderer;
  readonly camera = new PerspectiveCamera(STREET_VIEW, 1, 0.1, 4000);
  /** Holds everything of the city; WebXR turns and moves it, else it is the frame. */
  readonly world = groupOf('world');
  private readonly scene = new Scene();
  private readonly groups = {
    ground: groupOf('ground'),
    hiding: groupOf('hiding'),
    matter: groupOf('matter'),
    buried: groupOf('buried'),
    picked: groupOf('picked'),
    way: groupOf('way'),
    marks: groupOf('marks'),
  };
  private readonly caster = new Raycaster();
  private around: Surroundings | null = null;
  private video: [number, number] | null = null;
  private asked = 0;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.renderer = new WebGLRenderer({ canvas, alpha: true, antialias: true });
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.xr.enabled = true;
    const sun = new DirectionalLight(0xffffff, 2.3);
    sun.position.set(-0.5, 1, 0.35);
    this.scene.add(new HemisphereLight(0xffffff, 0x9a958c, 1.3), sun, this.world);
    Object.values(this.groups).forEach((group, order) => {
      group.renderOrder = order;
      this.world.add(group);
    });
    new ResizeObserver(() => this.resize()).observe(canvas);
    canvas.addEventListener('webglcontextrestored', () => this.invalidate());
  }

  invalidate(): void {
    if (this.asked !== 0 || this.renderer.xr.isPresenting) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.draw();
    });
  }

  draw(): void {
    this.renderer.render(this.scene, this.camera);
  }

  /** Takes the field of view of a camera's video of this size [px], which the picture lies over. */
  cover(video: [number, number] | null): void {
    this.video = video;
    this.resize();
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.renderer.xr.isPresenting || width === 0 || height === 0) return;
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.fov = this.video ? fieldOfView([width, height], this.video) : STREET_VIEW;
    this.camera.updateProjectionMatrix();
    this.invalidate();
  }

  show(around: Surroundings): void {
    this.around = around;
  }

  /** Draws what is around anew, for a mode and a theme. */
  dress(mode: Mode, theme: 'light' | 'dark'): void {
    const looks = LOOKS[theme];
    const street = mode === 'street';
    this.scene.background = street ? new Color(looks.sky) : null;
    this.scene.fog = street ? new Fog(looks.sky, 60, 420) : null;
    for (const name of ['ground', 'hiding', 'matter', 'buried'] as const) clear(this.groups[name]);
    if (!this.around) return;
    const { content, underground, ground, hiding } = this.around;
    if (street) this.groups.ground.add(...earth(ground, looks));
    else if (hiding.length > 0) this.groups.hiding.add(...occluders(hiding));
    this.groups.matter.add(...(street ? solids(content, looks) : glass(content)));
    if (underground && underground.parts.length > 0) this.groups.buried.add(...buried(underground));
    this.invalidate();
  }

  pose(eye: Point, turn: Quaternion): void {
    this.camera.position.set(...eye);
    this.camera.quaternion.copy(turn);
    this.invalidate();
  }

  mark(ids: ReadonlySet<string>): void {
    clear(this.groups.picked);
    if (this.around && ids.size > 0) {
      for (const { parts, ids: known } of [
        this.around.content,
        this.around.underground ?? { parts: [], ids: [] },
      ]) {
        for (const shape of highlight(parts, known, ids)) this.groups.picked.add(shape);
      }
    }
    this.invalidate();
  }

  /** How many triangles stand out as picked. */
  marked(): number {
    return this.groups.picked.children.reduce(
      (sum, child) => sum + (child as Mesh).geometry.index!.count / 3,
      0,
    );
  }

  way(points: Point[]): void {
    clear(this.groups.way);
    if (points.length > 1) this.groups.way.add(...ribbon(points));
    this.invalidate();
  }

  sensors(marks: SensorMark[]): void {
    clear(this.groups.marks);
    if (marks.length > 0) this.groups.marks.add(...discs(marks));
    this.invalidate();
  }

  /** Where a point of the page looks to in the frame. x, y [CSS px] */
  lookAt(x: number, y: number): Look {
    this.aim(x, y);
    return lookAlong(
      this.caster.ray.direction.clone().applyQuaternion(this.world.quaternion.clone().invert()),
    );
  }

  /** Where a point of the frame appears [CSS px], null behind the eye. */
  project(point: Point): [number, number] | null {
    this.camera.updateMatrixWorld();
    const seen = this.world.localToWorld(new Vector3(...point)).project(this.camera);
    if (seen.z > 1) return null;
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [left + ((seen.x + 1) / 2) * width, top + ((1 - seen.y) / 2) * height];
  }

  /** The sensor whose sign is at a point of the page. */
  sensorAt(x: number, y: number): number | null {
    let [nearest, least] = [null as number | null, TAP];
    for (const sign of this.groups.marks.children) {
      const at = this.project(sign.position.toArray());
      const away = at ? Math.hypot(at[0] - x, at[1] - y) : Infinity;
      if (away < least) [nearest, least] = [Number(sign.name), away];
    }
    return nearest;
  }

  /** Height of the ground in the frame [m]; 0 where it is not known. */
  groundAt(x: number, z: number): number {
    return this.cast(new Vector3(x, 1000, z), DOWN, this.around?.ground ?? [])?.point.y ?? 0;
  }

  /** Somewhere in the open near a place of the frame, facing what stands nearest. */
  openPlace(x: number, z: number): { x: number; z: number; heading: number } {
    const standing = this.around?.content.hard ?? [];
    for (let step = 0; step < 60; step++) {
      const [away, angle] = [3 * Math.sqrt(step), step * 2.4];
      const [east, south] = [x + away * Math.cos(angle), z + away * Math.sin(angle)];
      const eye = new Vector3(east, this.groundAt(east, south) + EYE, south);
      if (this.cast(eye, UP, standing)) continue;
      let [heading, least] = [0, Infinity];
      for (let turn = 0; turn < 360; turn += 15) {
        const [sin, cos] = [Math.sin((turn * Math.PI) / 180), Math.cos((turn * Math.PI) / 180)];
        const met = this.cast(eye.clone().setY(eye.y + 2), new Vector3(sin, 0, -cos), standing);
        if (met && met.distance > 12 && met.distance < least) [heading, least] = [turn, met.distance];
      }
      return { x: east, z: south, heading };
    }
    return { x, z, heading: 0 };
  }

  private cast(from: Vector3, along: Vector3, geometries: BufferGeometry[]) {
    this.caster.set(from, along);
    const meshes = geometries.map((geometry) => new Mesh(geometry, SEEN));
    return this.caster.intersectObjects(meshes, false)[0];
  }

  private aim(x: number, y: number): void {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    this.camera.updateMatrixWorld();
    this.caster.setFromCamera(
      new Vector2(((x - left) / width) * 2 - 1, 1 - ((y - top) / height) * 2),
      this.camera,
    );
  }
}
