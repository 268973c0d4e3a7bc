/** A day's sun path as a drawing: the place of azimuths and elevations, runs of light, spells with their times. */
import type { SunPath } from '../client/sun';

/** Azimuths are told from the middle of the drawing: south, or north where the sun culminates there [°]. */
export function middleOf(path: SunPath): number {
  let highest = 0;
  path.elevation.forEach((elevation, index) => {
    if (elevation > path.elevation[highest]!) highest = index;
  });
  const noon = path.azimuth[highest] ?? 180;
  return noon > 90 && noon < 270 ? 180 : 0;
}

/** An azimuth as seen from the middle [°, -180 to 180). */
export const fromMiddle = (azimuth: number, middle: number) => ((azimuth - middle + 540) % 360) - 180;

export interface Point {
  x: number;
  y: number;
}

export interface Frame {
  width: number;
  height: number;
  /** Half of the azimuths that are shown, and the highest elevation [°]. */
  half: number;
  top: number;
  middle: number;
}

const up = (value: number, step: number) => Math.ceil(value / step) * step;

/** A frame that holds the sun's way. */
export function frameOf(path: SunPath, width: number, height: number): Frame {
  const middle = middleOf(path);
  const above = path.elevation.flatMap((elevation, index) =>
    elevation > -1 ? [Math.abs(fromMiddle(path.azimuth[index]!, middle))] : [],
  );
  const half = Math.min(180, Math.max(60, up(Math.max(0, ...above) + 5, 15)));
  const top = Math.min(90, Math.max(30, up(Math.max(0, ...path.elevation) + 6, 10)));
  return { width, height, half, top, middle };
}

export const placeOf = (frame: Frame, azimuth: number, elevation: number): Point => ({
  x: ((fromMiddle(azimuth, frame.middle) + frame.half) / (2 * frame.half)) * frame.width,
  y: frame.height * (1 - Math.min(elevation, frame.top) / frame.top),
});

/** The obstruction as a closed outline down to the horizon. */
export function horizonOutline(path: SunPath, frame: Frame): Point[] {
  const line = path.horizon
    .map(({ azimuth, elevation }) => ({ at: fromMiddle(azimuth, frame.middle), azimuth, elevation }))
    .sort((a, b) => a.at - b.at)
    .map(({ azimuth, elevation }) => placeOf(frame, azimuth, Math.max(0, elevation)));
  if (line.length === 0) return [];
  const [first, last] = [line[0]!, line.at(-1)!];
  return [
    { x: 0, y: frame.height },
    { x: Math.min(0, first.x), y: first.y },
    ...line,
    { x: Math.max(frame.width, last.x), y: last.y },
    { x: frame.width, y: frame.height },
  ];
}

export interface Stretch {
  lit: boolean;
  points: Point[];
}

/** The sun's way above the horizon, cut where light and shade change or the drawing's edge is crossed. */
export function stretchesOf(path: SunPath, frame: Frame): Stretch[] {
  const found: Stretch[] = [];
  let open: Stretch | null = null;
  path.times.forEach((_, index) => {
    const elevation = path.elevation[index]!;
    if (elevation < 0) {
      open = null;
      return;
    }
    const point = placeOf(frame, path.azimuth[index]!, elevation);
    const lit = path.lit[index]!;
    const last: Point | undefined = open?.points.at(-1);
    if (open && last && Math.abs(last.x - point.x) > frame.width / 2) open = null;
    if (open && open.lit === lit) {
      open.points.push(point);
      return;
    }
    const next: Stretch = { lit, points: open && last ? [last, point] : [point] };
    found.push(next);
    open = next;
  });
  return found;
}

/** Unbroken spells of sun [ms], from the first to the last lit time and the step between two. */
export function spellsOf(path: SunPath): [from: number, to: number][] {
  const spells: [number, number][] = [];
  const times = path.times.map((time) => Date.parse(time));
  const step = times.length > 1 ? times[1]! - times[0]! : 0;
  times.forEach((time, index) => {
    if (!path.lit[index]) return;
    const last = spells.at(-1);
    if (last && path.lit[index - 1]) last[1] = time + step / 2;
    else spells.push([time - step / 2, time + step / 2]);
  });
  return spells;
}
