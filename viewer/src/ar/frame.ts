/** The frame of a scene: x east, y up, z south of an origin, metres, and where on the globe its points are. */

/** Degrees, and metres above the WGS 84 ellipsoid. */
export interface Geographic {
  lon: number;
  lat: number;
  height: number;
}
export type Point = [x: number, y: number, z: number];

/** WGS 84 (NGA.STND.0036, 2014): half the larger axis [m] and the flattening. */
const AXIS = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const E2 = FLATTENING * (2 - FLATTENING);
const RADIANS = Math.PI / 180;

function toEarth({ lon, lat, height }: Geographic): Point {
  const [sin, cos] = [Math.sin(lat * RADIANS), Math.cos(lat * RADIANS)];
  const radius = AXIS / Math.sqrt(1 - E2 * sin * sin);
  return [
    (radius + height) * cos * Math.cos(lon * RADIANS),
    (radius + height) * cos * Math.sin(lon * RADIANS),
    (radius * (1 - E2) + height) * sin,
  ];
}

/** By fixed-point steps on the latitude, which near the ground come to rest at once. */
function fromEarth([x, y, z]: Point): Geographic {
  const across = Math.hypot(x, y);
  let lat = Math.atan2(z, across * (1 - E2));
  let height = 0;
  for (let step = 0; step < 6; step++) {
    const sin = Math.sin(lat);
    const radius = AXIS / Math.sqrt(1 - E2 * sin * sin);
    height = across / Math.cos(lat) - radius;
    lat = Math.atan2(z, across * (1 - (E2 * radius) / (radius + height)));
  }
  return { lon: Math.atan2(y, x) / RADIANS, lat: lat / RADIANS, height };
}

const dot = (a: Point, b: Point) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export class Frame {
  private readonly start: Point;
  private readonly east: Point;
  private readonly up: Point;
  private readonly south: Point;

  constructor(readonly origin: Geographic) {
    const [lon, lat] = [origin.lon * RADIANS, origin.lat * RADIANS];
    this.start = toEarth(origin);
    this.east = [-Math.sin(lon), Math.cos(lon), 0];
    this.up = [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
    this.south = [Math.sin(lat) * Math.cos(lon), Math.sin(lat) * Math.sin(lon), -Math.cos(lat)];
  }

  local(place: Geographic): Point {
    const [x, y, z] = toEarth(place);
    const from: Point = [x - this.start[0], y - this.start[1], z - this.start[2]];
    return [dot(from, this.east), dot(from, this.up), dot(from, this.south)];
  }

  geographic([x, y, z]: Point): Geographic {
    const on = (axis: 0 | 1 | 2) =>
      this.start[axis] + x * this.east[axis] + y * this.up[axis] + z * this.south[axis];
    return fromEarth([on(0), on(1), on(2)]);
  }
}
