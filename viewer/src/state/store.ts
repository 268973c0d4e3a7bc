/** Everything that the view is, as signals; panels read and write them, the Cesium side follows. */
import { computed, signal } from '@preact/signals';
import type { City, LayerInfo } from '../client/types';
import type { Key } from '../i18n';
import type { Ramp } from '../layers/ramps';
import type { Theme } from '../sun/daylight';

export type Language = 'en' | 'ko';
export type ToolId = 'distance' | 'height' | 'area' | 'section' | 'walk' | 'box' | 'sun' | 'plan' | 'raze';
export type Sheet = 'layers' | 'time' | 'tools';
/** What stands at the right while nothing is picked. */
export type SidePanel =
  | 'alerts'
  | 'devices'
  | 'quality'
  | 'anomalies'
  | 'simulate'
  | 'plan'
  | 'daylight'
  | 'district'
  | 'retrofit'
  | 'costs';

export interface Classification {
  attribute: string;
  ramp: Ramp;
  /** Range of the ramp; null means the attribute's own. */
  range: [number, number] | null;
}

export interface LayerView {
  id: string;
  visible: boolean;
  opacity: number;
  classification: Classification | null;
}

export interface CameraState {
  lon: number;
  lat: number;
  height: number;
  /** Degrees. */
  heading: number;
  pitch: number;
}

export interface LayerHealth {
  loading: boolean;
  error: string | null;
}

export const city = signal<City | null>(null);
/** Why there is nothing to see: the city could not be read, or it can be and holds no objects or no place. */
export const cityError = signal<string | null>(null);
export const vacancy = signal<'error.empty' | 'error.nowhere' | null>(null);
export const webglMissing = signal(false);
/** Why the ground is flat. */
export const terrainError = signal<string | null>(null);
/** Why the 3D view stopped. */
export const sceneError = signal<string | null>(null);

export const language = signal<Language>('en');
export const theme = signal<Theme>('light');

/** Top of the list first. */
export const layers = signal<LayerView[]>([]);
export const layerHealth = signal<Record<string, LayerHealth>>({});
export const baseMap = signal<'own' | 'custom' | 'none'>('own');

export const selection = signal<string | null>(null);
/** The picked object and its parts, which carry the geometry of many a building. */
export const highlighted = signal<ReadonlySet<string>>(new Set());
export const camera = signal<CameraState | null>(null);

/** The instant shown [ms since 1970]; `speed` is seconds of its time per second of ours, 0 when paused. */
export const instant = signal(Date.now());
export const speed = signal(0);
/** True while readings are the latest ones; the clock goes with the present unless the light is staged. */
export const live = signal(true);
/** True while the light is not the present one because the city lies in the dark. */
export const staged = signal(false);

export const tool = signal<ToolId | null>(null);
export const underground = signal(false);
export const sheet = signal<Sheet | null>(null);
const waiting = new Map<string, number>();
/** Tiles still to come, of the ground and of every layer. */
export const pending = signal(0);
export const toast = signal<{ key: Key; values?: Record<string, string> } | null>(null);
export const sidePanel = signal<SidePanel | null>(null);

export const zone = computed(() => city.value?.timezone ?? 'UTC');

export const layerInfo = (id: string): LayerInfo | undefined =>
  city.value?.layers.find((layer) => layer.id === id);

export function updateLayer(id: string, change: Partial<LayerView>): void {
  layers.value = layers.value.map((layer) => (layer.id === id ? { ...layer, ...change } : layer));
}

/** Puts a layer at another place of the list. */
export function moveLayer(id: string, to: number): void {
  const rest = layers.value.filter((layer) => layer.id !== id);
  const moved = layers.value.find((layer) => layer.id === id);
  if (!moved) return;
  layers.value = [...rest.slice(0, to), moved, ...rest.slice(to)];
}

export function reportHealth(id: string, change: Partial<LayerHealth>): void {
  const before = layerHealth.value[id] ?? { loading: false, error: null };
  layerHealth.value = { ...layerHealth.value, [id]: { ...before, ...change } };
}

export function reportPending(source: string, count: number): void {
  waiting.set(source, count);
  pending.value = [...waiting.values()].reduce((sum, one) => sum + one, 0);
}
