/** A planned building: a footprint that is moved, turned and raised, and its way into a link and back. */
import type { Ring } from '../client/sun';
import { escaped } from '../state/linkText';

export interface Plan {
  footprint: Ring;
  /** Over the ground [m]. */
  height: number;
  /** Ids of buildings that make room for it. */
  removed: string[];
}

const RAD = Math.PI / 180;
/** Semi-major axis [m] and squared eccentricity of WGS 84. NIMA TR8350.2 (2000), table 3.1. */
const SEMI_MAJOR = 6_378_137;
const ECCENTRICITY_2 = 0.00669437999014;
export const HEIGHT_LIMITS = [3, 300] as const;
/** Corners that a plan may have. */
export const MOST_CORNERS = 40;

/** Metres of a degree of longitude and latitude at a latitude, on the ellipsoid. */
export function metresPerDegree(latitude: number): [east: number, north: number] {
  const w = 1 - ECCENTRICITY_2 * Math.sin(latitude * RAD) ** 2;
  const east = (SEMI_MAJOR / Math.sqrt(w)) * Math.cos(latitude * RAD) * RAD;
  const north = ((SEMI_MAJOR * (1 - ECCENTRICITY_2)) / w ** 1.5) * RAD;
  return [east, north];
}

/** Twice the signed area of a ring in its own units; positive anticlockwise. */
const doubleArea = (ring: readonly (readonly [number, number])[]) =>
  ring.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = ring[(index + 1) % ring.length]!;
    return sum + x * nextY - nextX * y;
  }, 0);

/** A ring in metres east and north of its first corner. */
function local(ring: Ring): [number, number][] {
  const [lon, lat] = ring[0]!;
  const [east, north] = metresPerDegree(lat);
  return ring.map(([x, y]) => [(x - lon) * east, (y - lat) * north]);
}

/** [m²] */
export const areaOf = (ring: Ring) => Math.abs(doubleArea(local(ring))) / 2;

/** The centre of gravity of the ring's corners [degrees]. */
export function centreOf(ring: Ring): [lon: number, lat: number] {
  const sum = ring.reduce((total, [lon, lat]) => [total[0]! + lon, total[1]! + lat], [0, 0]);
  return [sum[0]! / ring.length, sum[1]! / ring.length];
}

/** The distance from the centre to the farthest corner [m]. */
export function radiusOf(ring: Ring): number {
  const [lon, lat] = centreOf(ring);
  const [east, north] = metresPerDegree(lat);
  return Math.max(...ring.map(([x, y]) => Math.hypot((x - lon) * east, (y - lat) * north)));
}

/** The plan moved east and north [m]. */
export function moved(plan: Plan, east: number, north: number): Plan {
  const [perLon, perLat] = metresPerDegree(plan.footprint[0]![1]);
  const footprint = plan.footprint.map(([lon, lat]) => [lon + east / perLon, lat + north / perLat]) as Ring;
  return { ...plan, footprint };
}

/** The plan turned clockwise around its centre [degrees]. */
export function turned(plan: Plan, degrees: number): Plan {
  const [lon, lat] = centreOf(plan.footprint);
  const [perLon, perLat] = metresPerDegree(lat);
  const [sine, cosine] = [Math.sin(degrees * RAD), Math.cos(degrees * RAD)];
  const footprint = plan.footprint.map(([x, y]) => {
    const [east, north] = [(x - lon) * perLon, (y - lat) * perLat];
    return [
      lon + (east * cosine + north * sine) / perLon,
      lat + (north * cosine - east * sine) / perLat,
    ] as const;
  }) as unknown as Ring;
  return { ...plan, footprint };
}

/** The direction of the ring's longest side, clockwise from north [degrees, 0 to 180). */
export function directionOf(ring: Ring): number {
  const corners = local(ring);
  let longest = 0;
  let direction = 0;
  corners.forEach(([x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % corners.length]!;
    const length = Math.hypot(nextX - x, nextY - y);
    if (length <= longest + 1e-6) return;
    longest = length;
    direction = (Math.atan2(nextX - x, nextY - y) / RAD + 360) % 180;
  });
  return direction;
}

export const raised = (plan: Plan, height: number): Plan => ({
  ...plan,
  height: Math.min(HEIGHT_LIMITS[1], Math.max(HEIGHT_LIMITS[0], Math.round(height * 10) / 10)),
});

/** A box of sides [m] around a place, its sides along the compass. */
export function boxAt(lon: number, lat: number, width: number, depth: number, height: number): Plan {
  const [east, north] = metresPerDegree(lat);
  const [a, b] = [width / 2 / east, depth / 2 / north];
  const footprint: Ring = [
    [lon - a, lat - b],
    [lon + a, lat - b],
    [lon + a, lat + b],
    [lon - a, lat + b],
  ];
  return { footprint, height, removed: [] };
}

type Corner = readonly [number, number];
const side = (a: Corner, b: Corner, c: Corner) =>
  Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));

/** Whether a ring can be a footprint: three corners or more, some area, and no side across another. */
export function isSound(ring: Ring): boolean {
  if (ring.length < 3 || ring.length > MOST_CORNERS || areaOf(ring) < 1) return false;
  const corners = local(ring);
  const count = corners.length;
  for (let i = 0; i < count; i++) {
    for (let j = i + 2; j < count; j++) {
      if (i === 0 && j === count - 1) continue;
      const [a, b] = [corners[i]!, corners[i + 1]!];
      const [c, d] = [corners[j]!, corners[(j + 1) % count]!];
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return false;
    }
  }
  return true;
}

/** The footprint as the server takes it: closed, anticlockwise. */
export function polygonOf(ring: Ring): { type: 'Polygon'; coordinates: Ring[] } {
  const outward = doubleArea(local(ring)) < 0 ? [...ring].reverse() : ring;
  return { type: 'Polygon', coordinates: [[...outward, outward[0]!]] };
}

/** Corners are told to a centimetre, as steps of 1e-7 degrees from the first, in base 36. */
const STEPS = 1e7;

export function writePlan(plan: Plan): string {
  const [first] = plan.footprint;
  const [lon, lat] = first!;
  const whole = (value: number) => Math.round(value * STEPS);
  const steps = plan.footprint
    .slice(1)
    .map(([x, y]) => `${(whole(x) - whole(lon)).toString(36)}.${(whole(y) - whole(lat)).toString(36)}`);
  const removed = plan.removed.map(escaped);
  const corners = [plan.height, `${lon.toFixed(7)},${lat.toFixed(7)}`, ...steps].join('~');
  return [corners, ...removed].join('!');
}

export function readPlan(text: string): Plan | undefined {
  const [corners, ...removed] = text.split('!');
  const [tall, start, ...steps] = corners!.split('~');
  const [lon, lat] = (start ?? '').split(',').map(Number);
  if (!Number.isFinite(lon) || !Number.isFinite(lat) || Math.abs(lat!) > 89) return undefined;
  const rest = steps.map((step) => {
    const [x, y] = step.split('.').map((part) => parseInt(part, 36) / STEPS);
    return [lon! + x!, lat! + y!] as [number, number];
  });
  const footprint: Ring = [[lon!, lat!], ...rest];
  const height = Number(tall);
  if (!(height > 0) || !footprint.every((corner) => corner.every(Number.isFinite)) || !isSound(footprint)) {
    return undefined;
  }
  return raised({ footprint, height, removed: removed.map(decodeURIComponent) }, height);
}
