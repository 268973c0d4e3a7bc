/** What people do on the AR page: start, look at something, ask for the nearest, let it be remembered. */
import { ApiError, getCity, offline } from '../client/api';
import type { PlacedCity } from '../client/types';
import type { Key } from '../i18n';
import { city } from '../state/store';
import { type Asset, deleteLooks, getAssets, getLooks, getNearest, getPick, keepLook } from './answers';
import {
  assets,
  chosenLayers,
  consent,
  correction,
  headingError,
  kept,
  linedUp,
  mode,
  picked,
  pickedSensor,
  position,
  type Position,
  problem,
  way,
} from './state';
import { HEADING_ERROR, PITCH_ERROR, stated, type Errors } from './sure';
import type { Look } from './turn';

/** Layers that AR apps can stand among; those that only lie on the ground are left out. */
export const STANDING = ['buildings', 'bridges', 'constructions', 'tunnels', 'furniture', 'vegetation'];
export const UNDERGROUND = 'utilities';
/** What rays go through. */
const SEEN_THROUGH = 'vegetation';
const LOOKS_ID = 'ar.looks';

/** A server's error in words; none for one that is out of reach, which has a note of its own. */
export function words(error: unknown): string | null {
  if (error instanceof DOMException && error.name === 'AbortError') return problem.value;
  if (error instanceof ApiError) return error.status === 0 ? null : error.detail;
  return String(error);
}

async function told<T>(work: Promise<T>): Promise<T | null> {
  try {
    const done = await work;
    problem.value = null;
    return done;
  } catch (error) {
    problem.value = words(error);
    return null;
  }
}

export const offered = () =>
  (city.value?.layers ?? []).filter(({ id }) => STANDING.includes(id) || id === UNDERGROUND);

/** Reads the city; what stands is chosen to begin with. Returns a text key of why it cannot be used. */
export async function openCity(layers: string[] | null): Promise<Key | null> {
  const found = await told(getCity());
  if (!found) return offline.value ? null : 'error.city';
  city.value = found;
  if (!found.bbox || !found.home) return found.layers.length === 0 ? 'error.empty' : 'error.nowhere';
  chosenLayers.value = new Set(
    offered()
      .map(({ id }) => id)
      .filter((id) => (layers ? layers.includes(id) : id !== UNDERGROUND)),
  );
  assets.value = distinct((await getAssets().catch(() => null)) ?? []);
  return null;
}

/** Without those that the server knows by a code as well as by a name. */
export const distinct = (found: readonly Asset[]): Asset[] =>
  found.filter(
    ({ name, count }, index) =>
      found.findIndex((other) => other.name === name && other.count === count) === index,
  );

/** Errors of the present pose: none of a place and a look that somebody chose. */
function errors(): Errors {
  const turned = mode.value !== 'street';
  return stated({
    position: position.value?.accuracy ?? 0,
    heading: turned ? (headingError.value ?? HEADING_ERROR) : 0,
    pitch: turned ? PITCH_ERROR : 0,
  });
}

let picking: AbortController | null = null;

export async function pickAlong(look: Look): Promise<void> {
  const at = position.value;
  const layers = [...chosenLayers.value].filter((id) => id !== SEEN_THROUGH);
  if (!at) return;
  picking?.abort();
  if (layers.length === 0) {
    pickedSensor.value = null;
    picked.value = { hits: [], index: 0, nothing: 1 };
    return;
  }
  picking = new AbortController();
  const { signal } = picking;
  const found = await told(getPick(at, look, errors(), layers, signal));
  if (signal.aborted || !found) return;
  pickedSensor.value = null;
  picked.value = { ...found, index: 0 };
  const first = found.hits[0];
  if (first) await remember(first.id);
}

export function pickSensor(id: number): void {
  picked.value = null;
  pickedSensor.value = id;
}

export function letGo(): void {
  picking?.abort();
  picked.value = null;
  pickedSensor.value = null;
}

export async function choose(index: number): Promise<void> {
  const now = picked.value;
  if (!now?.hits[index]) return;
  picked.value = { ...now, index };
  await remember(now.hits[index].id);
}

export async function findNearest(asset: string): Promise<void> {
  if (!position.value) return;
  way.value = await told(getNearest(asset, position.value));
}

/** Turns the whole scene about the eye, where the compass is off. */
export function turnNorth(degrees: number): void {
  correction.value = Math.round((correction.value + degrees) * 10) / 10;
  linedUp.value = true;
  if (headingError.value !== null && headingError.value > HEADING_ERROR) headingError.value = null;
}

function keptId(): string | null {
  try {
    return localStorage.getItem(LOOKS_ID);
  } catch {
    return null;
  }
}

function keepId(id: string | null): void {
  try {
    if (id === null) localStorage.removeItem(LOOKS_ID);
    else localStorage.setItem(LOOKS_ID, id);
  } catch {
    // Storage is off; what was kept cannot be found again, and expires by itself.
  }
}

/** One look after the other, so that the second is kept under the id that the first brings. */
let remembering: Promise<void> = Promise.resolve();

function remember(object: string): Promise<void> {
  const at = position.value;
  if (!consent.value || !at) return Promise.resolve();
  remembering = remembering.then(async () => {
    if (!consent.value) return;
    const answer = await told(keepAnew(object, at));
    if (answer?.id) keepId(answer.id);
    await readKept();
  });
  return remembering;
}

/** Keeps a look; where the id has expired, under a new one. */
async function keepAnew(object: string, at: Position): Promise<{ id?: string }> {
  const id = keptId();
  try {
    return await keepLook(object, id, at);
  } catch (error) {
    if (id === null || !(error instanceof ApiError) || error.status !== 404) throw error;
    return keepLook(object, null, at);
  }
}

/** What is kept under this device's id, if anything is; an id that has expired is forgotten. */
export async function readKept(): Promise<void> {
  const id = keptId();
  if (id === null) return;
  try {
    kept.value = await getLooks(id);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0) return;
    kept.value = null;
    keepId(null);
  }
}

export async function forget(): Promise<void> {
  const id = keptId();
  if (id === null) return;
  await told(deleteLooks(id));
  if (problem.value !== null || offline.value) return readKept();
  keepId(null);
  kept.value = null;
}

/** The nearest place of the city's box, a tenth of its size inside, or its middle for who knows no place. */
export function placeInCity(
  { bbox, home }: Pick<PlacedCity, 'bbox' | 'home'>,
  near: { lat: number; lon: number } | null,
) {
  if (!near) return { lat: home.lat, lon: home.lon };
  const [west, south, east, north] = bbox;
  const [dx, dy] = [(east - west) / 10, (north - south) / 10];
  return {
    lon: Math.min(Math.max(near.lon, west + dx), east - dx),
    lat: Math.min(Math.max(near.lat, south + dy), north - dy),
  };
}

export const alreadyInside = ({ bbox: [west, south, east, north] }: PlacedCity, lat: number, lon: number) =>
  lon >= west && lon <= east && lat >= south && lat <= north;

export const titleOf = (text: string | { en: string; ko: string }, language: 'en' | 'ko') =>
  typeof text === 'string' ? text : text[language];
