/** Keeps the picture in step with the state: fetches what stands around the position, poses the eye, marks what is picked. */
import { effect } from '@preact/signals';
import { Quaternion } from 'three';
import { ApiError, getObject, offline } from '../client/api';
import { city, theme } from '../state/store';
import { STANDING, UNDERGROUND, words } from './actions';
import { type Asset3d, getAsset, getSensorMarks } from './answers';
import { readMeshes, readScene } from './content';
import { Frame, type Point } from './frame';
import { EYE, type Stage, type Surroundings } from './stage';
import {
  about,
  chosenLayers,
  correction,
  loading,
  look,
  marks,
  mode,
  outside,
  position,
  problem,
  sensorsShown,
  shownHit,
  way,
  type Mode,
} from './state';
import { corrected, lookOf, lookTurn } from './turn';

/** Of a scene [m], and after which way a new one is fetched. */
export const RADIUS = 150;
const STALE = 50;
/** After which way somebody outside of the city asks again [m]. */
const STALE_OUTSIDE = 10;

export class View {
  frame: Frame | null = null;
  /** Turn of the device before north is corrected. */
  private turn = lookTurn(look.peek());
  /** What was fetched last, and around which place. */
  private fetched = '';
  private fetchedAt: Frame | null = null;
  private abort: AbortController | null = null;
  /** Settles when the latest scene stands, or could not be had. */
  ready: Promise<void> = Promise.resolve();

  constructor(readonly stage: Stage) {
    effect(() => this.follow());
    effect(() => this.dress(mode.value, theme.value));
    effect(() => {
      correction.value;
      void position.value;
      this.pose();
    });
    effect(() => void this.mark(shownHit.value?.id ?? null, shownHit.value?.part ?? null));
    effect(() => stage.sensors(sensorsShown.value ? marks.value : []));
    effect(() => this.drawWay());
  }

  /** Turns the eye. */
  turned(turn: Quaternion): void {
    this.turn = turn;
    this.pose();
  }

  /** Has the next position fetch a scene, wherever it is. */
  forget(): void {
    this.fetched = '';
  }

  /** The eye in the frame. */
  eye(): Point {
    const at = position.peek();
    if (!at || !this.frame) return [0, EYE, 0];
    const [x, y, z] = this.frame.local({ ...at, height: at.height ?? this.frame.origin.height });
    return [x, at.height === null ? this.stage.groundAt(x, z) + EYE : y, z];
  }

  private pose(): void {
    const turn = corrected(this.turn, correction.peek());
    look.value = lookOf(turn);
    if (mode.peek() !== 'xr') this.stage.pose(this.eye(), turn);
  }

  private dress(now: Mode, tone: 'light' | 'dark'): void {
    this.stage.dress(now, tone);
    this.stage.mark(new Set());
    void this.mark(shownHit.peek()?.id ?? null, shownHit.peek()?.part ?? null);
  }

  /** Fetches a scene where there is none, or too far from here, or of other layers. */
  private follow(): void {
    const at = position.value;
    const layers = [...chosenLayers.value].sort();
    if (!at || !city.value || offline.value) return;
    const here = { ...at, height: 0 };
    const [x, , z] = this.fetchedAt?.local(here) ?? [Infinity, 0, 0];
    const wanted = `${layers.join(',')} ${mode.value === 'street'}`;
    const near = outside.value ? STALE_OUTSIDE : STALE;
    if (wanted === this.fetched && Math.hypot(x, z) <= near) return;
    [this.fetched, this.fetchedAt] = [wanted, new Frame(here)];
    this.ready = this.fetch(layers);
  }

  private async fetch(layers: string[]): Promise<void> {
    const at = position.peek()!;
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    const { signal } = abort;
    loading.value = true;
    const standing = STANDING.filter((id) => layers.includes(id)).join(',');
    const packed = { radius: RADIUS, compression: 'meshopt', textures: 'false' };
    const bare = { radius: RADIUS, compression: 'none' };
    const nothing = Promise.resolve(null as Asset3d | null);
    try {
      const [scene, ground, hiding, underground, found] = await Promise.all([
        getAsset('/ar/scene', at, { ...packed, layers: standing }, signal),
        getAsset('/ar/occlusion', at, { ...bare, layers: '' }, signal),
        mode.peek() === 'street' ? nothing : getAsset('/ar/occlusion', at, bare, signal),
        layers.includes(UNDERGROUND)
          ? getAsset('/ar/scene', at, { ...packed, layers: UNDERGROUND }, signal)
          : nothing,
        city.peek()?.sensors ? getSensorMarks(at, RADIUS, signal) : [],
      ]);
      const around: Surroundings = {
        content: await readScene(scene.glb),
        underground: underground && (await readScene(underground.glb)),
        ground: await readMeshes(ground.glb),
        hiding: hiding ? await readMeshes(hiding.glb) : [],
      };
      if (signal.aborted) return;
      this.frame = new Frame(scene.origin);
      this.stage.show(around);
      about.value = {
        origin: scene.origin,
        features: scene.about.features ?? 0,
        leftOut: scene.about.left_out ?? 0,
        empty: scene.about.empty ?? false,
      };
      marks.value = found;
      [outside.value, problem.value] = [false, null];
      this.dress(mode.peek(), theme.peek());
      this.drawWay();
      this.pose();
    } catch (error) {
      if (signal.aborted) return;
      outside.value = error instanceof ApiError && error.status === 404;
      if (!outside.value) this.fetchedAt = null;
      problem.value = outside.value ? null : words(error);
    } finally {
      if (this.abort === abort) loading.value = false;
    }
  }

  /** Marks an object with its parts, which carry the shape of many a building. */
  private async mark(id: string | null, part: string | null): Promise<void> {
    const ids = new Set([id, part].filter((one) => one !== null));
    this.stage.mark(ids);
    if (id === null) return;
    const object = await getObject(id).catch(() => null);
    const children = object?.children ?? [];
    if (children.length === 0 || shownHit.peek()?.id !== id) return;
    this.stage.mark(new Set([...ids, ...children.map((child) => child.id)]));
  }

  private drawWay(): void {
    const line = way.value?.way?.geometry.coordinates ?? [];
    const { frame } = this;
    this.stage.way(frame ? line.map(([lon, lat, height]) => frame.local({ lon, lat, height })) : []);
  }

  /** Somewhere in the open near the position, looking at what stands nearest. */
  stepIntoTheOpen(): void {
    const at = position.peek();
    if (!at || !this.frame) return;
    const [x, , z] = this.eye();
    const open = this.stage.openPlace(x, z);
    const { lon, lat } = this.frame.geographic([open.x, 0, open.z]);
    this.turn = lookTurn({ heading: open.heading, pitch: 4 });
    position.value = { ...at, lon, lat };
    this.pose();
  }

  /** Moves along the look on the ground: metres forward and to the right. */
  walk(forward: number, right: number): void {
    const at = position.peek();
    if (!at || !this.frame) return;
    const turn = (look.peek().heading * Math.PI) / 180;
    const [x, y, z] = this.eye();
    const moved: Point = [
      x + forward * Math.sin(turn) + right * Math.cos(turn),
      y,
      z - forward * Math.cos(turn) + right * Math.sin(turn),
    ];
    const { lon, lat } = this.frame.geographic(moved);
    position.value = { ...at, lon, lat, accuracy: 0, source: at.source === 'device' ? 'city' : at.source };
  }

  /** Turns the look by degrees. */
  turnBy(heading: number, pitch: number): void {
    const now = lookOf(this.turn);
    this.turned(
      lookTurn({
        heading: now.heading + heading,
        pitch: Math.min(85, Math.max(-85, now.pitch + pitch)),
      }),
    );
  }
}
