/** What a link to the page says: `#lat=…&lon=…&heading=…&pitch=…&height=…&layers=…&lang=…&theme=…`. */
import type { Language } from '../state/store';
import type { Theme } from '../sun/daylight';

export interface Linked {
  lat: number | null;
  lon: number | null;
  /** Degrees. */
  heading: number | null;
  pitch: number | null;
  /** Of the eye above the ellipsoid [m]; null is at eye level above the ground. */
  height: number | null;
  layers: string[] | null;
  language: Language | null;
  theme: Theme | null;
}

/** What cannot be read is passed over; a latitude counts only with a longitude. */
export function readLink(hash: string): Linked {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const within = (name: string, least: number, most: number): number | null => {
    const text = given.get(name);
    if (text === null || text.trim() === '') return null;
    const value = Number(text);
    return Number.isFinite(value) && value >= least && value <= most ? value : null;
  };
  const one = <T extends string>(name: string, known: readonly T[]): T | null =>
    known.find((value) => value === given.get(name)) ?? null;
  const [lat, lon] = [within('lat', -90, 90), within('lon', -180, 180)];
  const placed = lat !== null && lon !== null;
  return {
    lat: placed ? lat : null,
    lon: placed ? lon : null,
    heading: within('heading', -360, 360),
    pitch: within('pitch', -90, 90),
    height: within('height', -1000, 10_000),
    layers: given.get('layers')?.split(',').filter(Boolean) ?? null,
    language: one('lang', ['en', 'ko']),
    theme: one('theme', ['light', 'dark']),
  };
}
