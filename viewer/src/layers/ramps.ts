/**
 * Colour ramps and categories, safe for colour-blind eyes.
 * batlow: F. Crameri (2018), Scientific colour maps, doi:10.5281/zenodo.1243862, its ten-class version.
 * viridis: N. Smith and S. van der Walt (2015), matplotlib, at ten even steps.
 * deep: K. Thyng et al. (2016), True colors of oceanography, doi:10.5670/oceanog.2016.66 (cmocean), twelve even
 * steps of its `deep`, ten of its `solar`.
 * vik: F. Crameri (2018) as above, eleven even steps, around a middle that means "no change".
 * Categories: P. Tol (2021), Colour schemes, SRON/EPS/TN/09-002, "bright", and one of his "light" to make eight.
 */
export type Ramp = 'batlow' | 'viridis' | 'deep' | 'solar' | 'vik';
/** Those that a layer may be coloured by. */
export const RAMPS: readonly Ramp[] = ['batlow', 'viridis', 'deep'];

const STOPS: Record<Ramp, string[]> = {
  batlow: [
    '#011959',
    '#103f60',
    '#1c5a62',
    '#3c6d56',
    '#687b3e',
    '#9d892b',
    '#d29343',
    '#f8a17b',
    '#fdb7bc',
    '#faccfa',
  ],
  viridis: [
    '#440154',
    '#482878',
    '#3e4a89',
    '#31688e',
    '#26828e',
    '#1f9e89',
    '#35b779',
    '#6ece58',
    '#b5de2b',
    '#fde725',
  ],
  deep: [
    '#fdfdcc',
    '#ceecb3',
    '#9cdba5',
    '#6fc9a3',
    '#56b1a3',
    '#4c99a0',
    '#44829b',
    '#3e6c96',
    '#3e528f',
    '#403c73',
    '#362b4d',
    '#271a2c',
  ],
  solar: [
    '#331418',
    '#571f23',
    '#7a2924',
    '#973b1c',
    '#ad5515',
    '#be7313',
    '#cb921a',
    '#d6b327',
    '#ddd738',
    '#e1fd4b',
  ],
  vik: [
    '#001261',
    '#023a7a',
    '#116496',
    '#5697b8',
    '#a7c9da',
    '#ece5e1',
    '#e1b8a0',
    '#cd8860',
    '#b75a26',
    '#862306',
    '#590008',
  ],
};

export const CATEGORIES = [
  '#4477aa',
  '#ee6677',
  '#228833',
  '#ccbb44',
  '#66ccee',
  '#aa3377',
  '#ee8866',
  '#99ddff',
] as const;
/** Grades of something bad, from harmless on. C. Brewer (2003), colorbrewer2.org: the darker four of five `YlOrRd`. */
export const GRADES = ['#fecc5c', '#fd8d3c', '#f03b20', '#bd0026'] as const;
export const OTHER = '#b9b9b9';
export const NO_DATA = '#8d9096';

function channels(hex: string): [number, number, number] {
  const value = parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** A colour between two, at a share of the way, 0 to 1. */
export function mixed(one: string, other: string, share: number): string {
  const to = channels(other);
  const between = channels(one).map((channel, i) => Math.round(channel + (to[i]! - channel) * share));
  return `#${between.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** A colour among stops at even steps, at a share of the way, 0 to 1. */
export function colourAt(stops: readonly string[], share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(at));
  return mixed(stops[index]!, stops[index + 1]!, at - index);
}

/** The colour at a share of the ramp, 0 to 1, as `#rrggbb`. */
export const rampColour = (ramp: Ramp, share: number) => colourAt(STOPS[ramp], share);

/** The colours of a ramp at even steps. */
export const rampStops = (ramp: Ramp): readonly string[] => STOPS[ramp];

/** The ramp as a CSS gradient from left to right. */
export const rampGradient = (ramp: Ramp) => `linear-gradient(to right, ${STOPS[ramp].join(', ')})`;
