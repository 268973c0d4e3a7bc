/** Doubt in words: how sure a pick is, how well a position is known, what errors are stated of a pose. */
import type { Key } from '../i18n';

/** The word for a probability. */
export function sureness(probability: number): Key {
  if (probability >= 0.95) return 'ar.sure.certain';
  if (probability >= 0.6) return 'ar.sure.likely';
  if (probability >= 0.25) return 'ar.sure.perhaps';
  return 'ar.sure.unlikely';
}

/** The word for a radius of error [m]: which side of a street, which house, which block. */
export function accuracyWord(radius: number): Key {
  if (radius <= 3) return 'ar.accuracy.good';
  if (radius <= 12) return 'ar.accuracy.fair';
  if (radius <= 50) return 'ar.accuracy.poor';
  return 'ar.accuracy.useless';
}

/**
 * Standard deviation of a heading that does not state its own [degrees]: compasses of 17 phones were off by
 * 5 to 10 degrees (Bowers, SAI 2022, doi 10.1007/978-3-031-10467-1_6).
 */
export const HEADING_ERROR = 10;
/** Of a heading without north, until somebody lines the scene up [degrees]. */
const NO_NORTH = 90;

/** Standard deviation of a heading as a device tells it; null where nothing is known of it [degrees]. */
export const headingDoubt = (absolute: boolean, error: number | null, linedUp: boolean) =>
  absolute ? error : linedUp ? null : NO_NORTH;

/** Of the pitch, which gravity gives [degrees]; an assumption. */
export const PITCH_ERROR = 2;

/** The largest errors that a pick takes [m], [degrees]. */
const MOST_ERROR = 200;

export interface Errors {
  position: number;
  heading: number;
  pitch: number;
}

export const stated = (errors: Errors): Errors => ({
  position: Math.min(errors.position, MOST_ERROR),
  heading: Math.min(errors.heading, MOST_ERROR),
  pitch: Math.min(errors.pitch, MOST_ERROR),
});
