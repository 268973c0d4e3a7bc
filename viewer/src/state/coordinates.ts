/** Reads a place typed by hand: "35.1, 128.9", "128.9 35.1", "35.1N 128.9E". */

export interface Place {
  lat: number;
  lon: number;
}

const PAIR =
  /^\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEW])?\s*[,;\s]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEW])?\s*$/i;

/** Latitude comes first unless letters say otherwise or the first number is too large for one. */
export function readPlace(text: string): Place | null {
  const match = PAIR.exec(text);
  if (!match) return null;
  const [, first, firstSide = '', second, secondSide = ''] = match;
  const signed = (value: string, side: string) => Number(value) * (/[SW]/i.test(side) ? -1 : 1);
  const a = signed(first!, firstSide);
  const b = signed(second!, secondSide);
  const lonFirst = /[EW]/i.test(firstSide) || /[NS]/i.test(secondSide) || Math.abs(a) > 90;
  const [lat, lon] = lonFirst ? [b, a] : [a, b];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
