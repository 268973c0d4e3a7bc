/**
 * Where the sun stands over a place, good to 0.02° between 1950 and 2050, without refraction.
 * Low-precision formulae of the Astronomical Almanac (section C, "Low-precision formulas for the Sun").
 */
const RAD = Math.PI / 180;
const J2000_MS = Date.UTC(2000, 0, 1, 12);
const DAY_MS = 86_400_000;

export interface SunPosition {
  /** Clockwise from north [°]. */
  azimuth: number;
  /** Above the horizon [°]. */
  elevation: number;
}

/** The sun's ecliptic longitude, from the mean equinox of the date [°, 0 to 360]. */
function eclipticLongitude(days: number): number {
  const meanLongitude = 280.46 + 0.9856474 * days;
  const meanAnomaly = (357.528 + 0.9856003 * days) * RAD;
  const longitude = meanLongitude + 1.915 * Math.sin(meanAnomaly) + 0.02 * Math.sin(2 * meanAnomaly);
  return ((longitude % 360) + 360) % 360;
}

export function sunPosition(epochMs: number, lon: number, lat: number): SunPosition {
  const days = (epochMs - J2000_MS) / DAY_MS;
  const along = eclipticLongitude(days) * RAD;
  const obliquity = (23.439 - 4e-7 * days) * RAD;
  const rightAscension = Math.atan2(Math.cos(obliquity) * Math.sin(along), Math.cos(along));
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(along));
  const siderealDegrees = 280.46061837 + 360.98564736629 * days + lon;
  const hourAngle = siderealDegrees * RAD - rightAscension;
  const phi = lat * RAD;
  const east = -Math.cos(declination) * Math.sin(hourAngle);
  const north =
    Math.cos(phi) * Math.sin(declination) - Math.sin(phi) * Math.cos(declination) * Math.cos(hourAngle);
  const up =
    Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hourAngle);
  return { azimuth: (Math.atan2(east, north) / RAD + 360) % 360, elevation: Math.asin(up) / RAD };
}

/**
 * Where the sun is seen to stand, lifted by the air at 1010 hPa and 10 °C [°]. T. Saemundsson (1986), Sky and
 * Telescope 72, 70, as in Meeus, Astronomical Algorithms, 2nd ed., equation 16.4; none well below the horizon.
 */
export function apparentElevation(elevation: number): number {
  if (elevation < -1) return elevation;
  return elevation + 1.02 / Math.tan((elevation + 10.3 / (elevation + 5.11)) * RAD) / 60;
}

export type Season = 'spring' | 'summer' | 'autumn' | 'winter';
const SEASON_LONGITUDE: Record<Season, number> = { spring: 0, summer: 90, autumn: 180, winter: 270 };

/** The instant at which a season of the northern hemisphere begins in a year [ms]; good to half an hour. */
export function seasonStart(year: number, season: Season): number {
  const wanted = SEASON_LONGITUDE[season];
  const start = (Date.UTC(year, 0, 1) - J2000_MS) / DAY_MS;
  let days = start + (((wanted - 280 + 360) % 360) / 360) * 365.2422;
  for (let step = 0; step < 4; step++) {
    const short = ((wanted - eclipticLongitude(days) + 540) % 360) - 180;
    days += short / 0.98565;
  }
  return J2000_MS + days * DAY_MS;
}

/** First and last minute of a day [0, 1440) with the sun's centre above -0.833°, or null in polar night. */
export function daylightMinutes(dayStartMs: number, lon: number, lat: number): [number, number] | null {
  const isUp = (minute: number) => sunPosition(dayStartMs + minute * 60_000, lon, lat).elevation > -0.833;
  let first = -1;
  let last = -1;
  for (let minute = 0; minute < 1440; minute++) {
    if (!isUp(minute)) continue;
    if (first < 0) first = minute;
    last = minute;
  }
  return first < 0 ? null : [first, last];
}

/** The sun's elevation below which a first picture would be too dark to read [°]. */
const READABLE_ELEVATION = 7;
/** The elevation of the afternoon light shown instead [°]: long shadows, bright walls. */
const STAGED_ELEVATION = 27;

/**
 * The instant to open with: now, or, when the city lies in the dark, the afternoon of the same day.
 * `dayStartMs` is the local midnight before `nowMs`.
 */
export function openingInstant(nowMs: number, dayStartMs: number, lon: number, lat: number): number {
  if (sunPosition(nowMs, lon, lat).elevation >= READABLE_ELEVATION) return nowMs;
  let best = dayStartMs + 12 * 3_600_000;
  for (let minute = 12 * 60; minute < 20 * 60; minute += 5) {
    const instant = dayStartMs + minute * 60_000;
    if (sunPosition(instant, lon, lat).elevation < STAGED_ELEVATION) {
      return minute === 12 * 60 ? best : instant;
    }
    best = instant;
  }
  return best;
}
