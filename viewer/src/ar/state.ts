/** Everything that the AR page shows, as signals: the step, the pose with its errors, the scene, what is picked. */
import { computed, signal } from '@preact/signals';
import type { Key } from '../i18n';
import type { Asset, Hit, Kept, SensorMark, Way } from './answers';
import type { Geographic } from './frame';
import type { Look } from './turn';

/** What the picture is: glasses or a phone with WebXR, the camera with the device's turn, or the street alone. */
export type Mode = 'xr' | 'camera' | 'street';

/** Choose information, find the position, show. */
export const step = signal<'choose' | 'show'>('choose');
export const mode = signal<Mode>('street');
/** Why a better mode is not used. */
export const fallback = signal<Key | null>(null);

/** Layers to show; null until the city is known. */
export const chosenLayers = signal<ReadonlySet<string>>(new Set());
export const sensorsShown = signal(true);

export interface Position {
  lat: number;
  lon: number;
  /** Of the eye above the ellipsoid [m]; null is at eye level above the ground. */
  height: number | null;
  /** Radius of error [m]; 0 for a place that somebody chose. */
  accuracy: number;
  source: 'device' | 'link' | 'city';
}

export const position = signal<Position | null>(null);
export const look = signal<Look>({ heading: 0, pitch: 0 });
/** Standard deviation of the heading as the device states it [degrees]; null where it does not. */
export const headingError = signal<number | null>(null);
/** By how much north was turned by hand, clockwise [degrees]. */
export const correction = signal(0);
/** Whether somebody lined the scene up since it was started. */
export const linedUp = signal(false);

export interface SceneAbout {
  origin: Geographic;
  features: number;
  leftOut: number;
  empty: boolean;
}
export const about = signal<SceneAbout | null>(null);
export const loading = signal(false);
/** What went wrong last, in words. */
export const problem = signal<string | null>(null);
/** The position lies outside of the city. */
export const outside = signal(false);

export interface Picked {
  hits: Hit[];
  /** Which of them is shown. */
  index: number;
  /** Probability that nothing in reach is looked at. */
  nothing: number;
}
export const picked = signal<Picked | null>(null);
export const pickedSensor = signal<number | null>(null);
export const shownHit = computed(() => picked.value?.hits[picked.value.index] ?? null);

export const marks = signal<SensorMark[]>([]);
export const assets = signal<Asset[]>([]);
export const way = signal<Way | null>(null);

/** Whether what is looked at may be kept; asked anew on every visit. */
export const consent = signal(false);
export const kept = signal<Kept | null>(null);
