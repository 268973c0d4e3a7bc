/** What light the sun's height gives: colours for walls, ground, sky and haze, in both themes. */
export type Rgb = [number, number, number];
export type Theme = 'light' | 'dark';

export interface Daylight {
  /** Direct sun, linear RGB. */
  sun: Rgb;
  /** Light from the sky on an upward face, linear RGB. */
  sky: Rgb;
  /** Light from the ground on a downward face, linear RGB. */
  bounce: Rgb;
  /** What remains of a colour in shadow, sRGB factor. */
  shadow: number;
  /** Brightness of the draped ground imagery. */
  ground: number;
  /** Far haze and the sky above it, sRGB. */
  haze: Rgb;
  zenith: Rgb;
  /** Whether the sun casts shadows. */
  casts: boolean;
}

const mix = (a: Rgb, b: Rgb, t: number): Rgb => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];
const scale = (a: Rgb, k: number): Rgb => [a[0] * k, a[1] * k, a[2] * k];

export function smoothstep(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

const PALETTE: Record<Theme, { haze: [Rgb, Rgb, Rgb]; zenith: [Rgb, Rgb, Rgb] }> = {
  light: {
    haze: [
      [0.16, 0.19, 0.26],
      [0.95, 0.86, 0.77],
      [0.925, 0.937, 0.945],
    ],
    zenith: [
      [0.06, 0.08, 0.14],
      [0.62, 0.7, 0.82],
      [0.69, 0.8, 0.9],
    ],
  },
  dark: {
    haze: [
      [0.055, 0.068, 0.09],
      [0.17, 0.155, 0.16],
      [0.1, 0.122, 0.152],
    ],
    zenith: [
      [0.03, 0.038, 0.055],
      [0.08, 0.09, 0.13],
      [0.055, 0.07, 0.095],
    ],
  },
};

export function daylight(elevation: number, theme: Theme): Daylight {
  const strength = smoothstep(-2, 10, elevation);
  const day = smoothstep(-10, 6, elevation);
  const warmth = 1 - smoothstep(6, 32, elevation);
  const sunColour = mix([1, 0.965, 0.9], [1, 0.74, 0.46], warmth);
  const skyDay = mix([0.6, 0.655, 0.73], [0.52, 0.55, 0.66], warmth);
  const sky = mix([0.085, 0.11, 0.17], skyDay, day);
  const { haze, zenith } = PALETTE[theme];
  const hue = (stops: [Rgb, Rgb, Rgb]) =>
    mix(stops[0], mix(stops[1], stops[2], smoothstep(2, 16, elevation)), day);
  return {
    sun: scale(sunColour, 0.62 * strength),
    sky,
    bounce: scale(mix([0.1, 0.11, 0.14], [0.44, 0.43, 0.42], day), 1),
    shadow: (theme === 'light' ? 0.8 : 0.72) - 0.14 * smoothstep(5, 25, elevation),
    ground: 0.42 + 0.58 * day,
    haze: hue(haze),
    zenith: hue(zenith),
    casts: elevation > 1.5,
  };
}
