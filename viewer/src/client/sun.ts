/** The sun of a city: what a plan does to its neighbours, a day's path over a point, and files of sun runs. */
import { get, post } from './api';
import type { Localized, Position } from './types';

/** What a colour of a surface means. */
export interface Quantity {
  /** Name of the property in the tiles. */
  property: string;
  title: Localized;
  unit: string;
  minimum: number;
  maximum: number;
  ramp: string;
  stops?: number[];
}

/** A ring of longitude and latitude [degrees], open. */
export type Ring = [lon: number, lat: number][];

export interface WhatIfRequest {
  /** height, base [m]. Without a plan the server only makes ready for the surroundings of `at`. */
  plan?: { footprint: { type: 'Polygon'; coordinates: Ring[] }; height: number; base?: number };
  remove?: string[];
  date: string;
  rule?: string;
  at?: [lon: number, lat: number];
}

/** Hours of sun of a building: the mean over what changes of it, and at its least lit point. */
export interface Affected {
  building: string;
  surfaces: number;
  hours_before: number;
  hours_after: number;
  lowest_before: number;
  lowest_after: number;
  /** The most that a point of it loses and gains. */
  loss: number;
  gain: number;
  /** Whether a part of it falls below the rule because of the plan, where a rule was asked about. */
  falls?: boolean;
}

export interface WhatIf {
  /** Null where nothing changes. */
  id: string | null;
  /** How long the server took [s]. */
  seconds: number;
  affected: Affected[];
  legend: Quantity[];
  /** Null where nothing changes. */
  tileset: string | null;
  notes?: string[];
}

export interface SunPath {
  times: string[];
  /** [degrees] */
  azimuth: number[];
  elevation: number[];
  lit: boolean[];
  horizon: { azimuth: number; elevation: number }[];
  sunrise: string | null;
  sunset: string | null;
  hours: number;
  /** [hours] */
  longest_spell: number;
  timezone: string;
}

/** Hours of sun [h] in all and of the longest spell, or the share of the sky [%], by what the rule measures. */
export interface DwellingLight {
  total?: number;
  spell?: number;
  sky?: number;
  passes: boolean;
}

type Named<Name extends string> = {
  [Field in keyof DwellingLight as `${Field}_${Name}`]: DwellingLight[Field];
};

export type Dwelling = Named<'before'> &
  Partial<Named<'after'>> & {
    building: string;
    storey: number;
    /** Outward, clockwise from north [degrees]. */
    azimuth: number;
    position: Position | null;
    /** Absent in a run without a plan. */
    falls_because_of_plan?: boolean;
  };

export interface DaylightRight {
  rule: { id: string; title: Localized; date?: string | null; source?: Localized | null };
  date: string;
  dwellings: Dwelling[];
}

export const askWhatIf = (request: WhatIfRequest, abort: AbortSignal) =>
  post<WhatIf>('/sun/what-if', request, {}, abort);

export interface PathPlace {
  longitude: number;
  latitude: number;
  /** Above the ellipsoid [m]. */
  height: number;
  /** Where its surface looks, clockwise from north, and how steep it is [degrees]; absent on level ground. */
  azimuth?: number;
  tilt?: number;
}

/** answer: of a plan, whose city the sun is asked for in. */
export function getSunPath(
  at: PathPlace,
  date: string,
  answer: string | null,
  abort: AbortSignal,
): Promise<SunPath> {
  const query = new URLSearchParams({
    lon: at.longitude.toFixed(7),
    lat: at.latitude.toFixed(7),
    height: at.height.toFixed(2),
    date,
  });
  if (at.azimuth !== undefined) query.set('azimuth', at.azimuth.toFixed(1));
  if (at.tilt !== undefined) query.set('tilt', at.tilt.toFixed(1));
  if (answer !== null) query.set('answer', answer);
  return get<SunPath>(`/sun/path?${query.toString()}`, abort);
}

/** A raster of a run as a picture. */
export interface Picture {
  bounds: [west: number, south: number, east: number, north: number];
  image: string;
}

export function getPicture(
  run: string,
  result: string,
  [low, high]: [number, number],
  ramp: string,
): Promise<Picture> {
  const query = new URLSearchParams({ low: String(low), high: String(high), ramp });
  const path = [run, result].map(encodeURIComponent).join('/');
  return get<Picture>(`/pictures/${path}?${query.toString()}`);
}
