/** What the server's `/ar/…` doors are asked, and the shapes of what they answer. */
import { ApiError, get, lostServer, post, remove } from '../client/api';
import type { SensorInfo } from '../client/sensorTypes';
import { readToken } from '../client/token';
import type { AttributeNode, Position as Place } from '../client/types';
import type { Geographic, Point } from './frame';
import type { Position } from './state';
import type { Errors } from './sure';
import type { Look } from './turn';

export interface Hit {
  id: string;
  class: string;
  layer: string;
  name: string | null;
  part: string | null;
  probability: number;
  /** Metres. */
  distance: number;
  position: Place;
  attributes: Record<string, AttributeNode>;
  sensors: SensorInfo[];
}

export interface Asset {
  asset: string;
  name: string;
  count: number;
}

export interface SensorMark {
  id: number;
  name: string;
  kind: SensorInfo['kind'];
  state: SensorInfo['state'];
  local: Point;
}

export interface Way {
  found: { id: string; name: string; distance: number } | null;
  why?: string;
  passed_over: { id: string; name: string; why: string }[];
  way?: {
    geometry: { coordinates: Place[] };
    /** length [m], time [s] */
    properties: { kind: 'walk' | 'straight'; length: number; time: number };
  };
}

export interface Kept {
  expires: string;
  looks: { object: string; time: string; position: { lat: number; lon: number } | null }[];
}

type Values = Record<string, string | number | null>;

function path(door: string, { lat, lon, height }: Position, more: Values): string {
  const asked = new URLSearchParams({ lat: lat.toFixed(8), lon: lon.toFixed(8) });
  if (height !== null) asked.set('height', height.toFixed(3));
  for (const [name, value] of Object.entries(more)) if (value !== null) asked.set(name, String(value));
  return `${door}?${asked}`;
}

export const onGround = (at: Position): Position => ({ ...at, height: null });

export interface Asset3d {
  glb: ArrayBuffer;
  origin: Geographic;
  about: { features?: number; left_out?: number; empty?: boolean };
}

/** A GLB of `/ar/scene` or `/ar/occlusion` on the ground at a position. */
export async function getAsset(
  door: '/ar/scene' | '/ar/occlusion',
  at: Position,
  more: Values,
  abort: AbortSignal,
): Promise<Asset3d> {
  const token = readToken();
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  let answer: Response;
  try {
    answer = await fetch(path(door, onGround(at), more), { headers, signal: abort });
  } catch (error) {
    if (abort.aborted) throw error;
    lostServer();
    throw new ApiError(0, '');
  }
  if (!answer.ok) {
    const said = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new ApiError(answer.status, said.detail ?? answer.statusText);
  }
  const [lat, lon, height] = answer.headers.get('AR-Origin')!.split(',').map(Number);
  return {
    glb: await answer.arrayBuffer(),
    origin: { lat: lat!, lon: lon!, height: height! },
    about: JSON.parse(answer.headers.get('AR-About')!) as Asset3d['about'],
  };
}

export const getPick = (at: Position, look: Look, errors: Errors, layers: string[], abort: AbortSignal) =>
  get<{ hits: Hit[]; nothing: number }>(
    path('/ar/pick', at, {
      heading: look.heading.toFixed(3),
      pitch: look.pitch.toFixed(3),
      position_error: errors.position,
      heading_error: errors.heading,
      pitch_error: errors.pitch,
      history: 0,
      layers: layers.join(','),
    }),
    abort,
  );

export const getSensorMarks = async (at: Position, radius: number, abort: AbortSignal) => {
  const { anchors } = await get<{ anchors: { local: Point; sensors: Omit<SensorMark, 'local'>[] }[] }>(
    path('/ar/anchors', onGround(at), { types: 'sensor', radius }),
    abort,
  );
  return anchors.flatMap(({ local, sensors }) => sensors.map((sensor) => ({ ...sensor, local })));
};

export const getAssets = async () => (await get<{ assets: Asset[] }>('/ar/assets')).assets;

export const getNearest = (asset: string, at: Position) =>
  get<Way>(path('/ar/nearest', onGround(at), { asset }));

export const keepLook = (object: string, id: string | null, at: Position) =>
  post<{ id?: string }>('/ar/looks', {
    consent: true,
    object,
    lat: at.lat,
    lon: at.lon,
    ...(id !== null && { id }),
  });
export const getLooks = (id: string) => get<Kept>(`/ar/looks/${id}`);
export const deleteLooks = (id: string) => remove<null>(`/ar/looks/${id}`);
