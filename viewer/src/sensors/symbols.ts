/** Sensor symbols: a disc in the colour of the state, the kind's sign in it, a badge that tells the state by shape. */
import type { SensorKind, SensorState } from '../client/sensorTypes';

/** White signs stand out from each by 4.5:1 or more. */
export const STATE_COLOURS: Record<SensorState, string> = {
  ok: '#1b6ca8',
  late: '#97600a',
  silent: '#626a75',
  flagged: '#7d3fa8',
  alert: '#c4201d',
};

/** Signs on a 24-unit grid, drawn as lines. */
export const KIND_SIGNS: Record<SensorKind, string> = {
  'stream-level':
    'M4 9c2-2 4-2 6 0s4 2 6 0 3-1.500 4-1.500M4 14c2-2 4-2 6 0s4 2 6 0 3-1.500 4-1.500M4 19c2-2 4-2 6 0s4 2 6 0 3-1.500 4-1.500',
  rain: 'M7.500 13.500a4 4 0 0 1 .3-8A5 5 0 0 1 17 7a3.300 3.300 0 0 1 0 6.500zM8.500 17l-1 3M12.500 17l-1 3M16.500 17l-1 3',
  air: 'M4 9h9.500a2.700 2.700 0 1 0-2.600-3.500M4 13h13.500a2.700 2.700 0 1 1-2.600 3.500M4 17h6.500a2 2 0 1 1-1.900 2.600',
  hydrant:
    'M9 19.500V11h6v8.500M6.500 19.500h11M7.500 11h9M9.500 11V9a2.500 2.500 0 0 1 5 0v2M12 6.500V4.500M9 15H6.500M15 15h2.500',
  meter: 'M13 3.500 6 13.500h5l-1 7 7-10h-5z',
  weather: 'M10 13.500V6a2 2 0 1 1 4 0v7.500a4 4 0 1 1-4 0zM12 9v8',
  other:
    'M12 10.500a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3zM8.500 15.500a5 5 0 0 1 0-7M15.500 8.500a5 5 0 0 1 0 7M6 18a8.500 8.500 0 0 1 0-12M18 6a8.500 8.500 0 0 1 0 12',
};

/** Badges on a 12-unit grid: the outline that is filled, and the lines on it. */
export const STATE_BADGES: Partial<Record<SensorState, { shape: string; sign: string }>> = {
  late: { shape: 'M6 .5a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11z', sign: 'M6 3v3.200l2.100 1.300' },
  silent: { shape: 'M1 1h10v10H1z', sign: 'M3.500 3.500l5 5M8.500 3.500l-5 5' },
  flagged: { shape: 'M6 0 12 6 6 12 0 6z', sign: 'M5 8.800V3.400h3L7.200 4.700 8 6H5' },
  alert: { shape: 'M6 .2 12 11.500H0z', sign: 'M6 4.200v3.300M6 9.400v.1' },
};

export interface SymbolLook {
  kind: SensorKind;
  state: SensorState;
  /** How many others stand behind it. */
  hidden: number;
  picked: boolean;
}

/** Size of a symbol with its badge [CSS px], and of its disc. */
export const SYMBOL_SIZE = 44;
const DISC = 15;
const MOST_SHOWN = 99;

/** What tells two symbols apart. */
export const symbolKey = ({ kind, state, hidden, picked }: SymbolLook) =>
  `${kind} ${state} ${Math.min(hidden, MOST_SHOWN + 1)} ${picked}`;

function drawBadge(context: CanvasRenderingContext2D, state: SensorState): void {
  const badge = STATE_BADGES[state];
  if (!badge) return;
  context.save();
  context.translate(SYMBOL_SIZE / 2 + 4, 1);
  context.scale(1.25, 1.25);
  context.lineJoin = context.lineCap = 'round';
  const shape = new Path2D(badge.shape);
  context.strokeStyle = '#fff';
  context.lineWidth = 2.6;
  context.stroke(shape);
  context.fillStyle = '#1c2530';
  context.fill(shape);
  context.lineWidth = 1.4;
  context.stroke(new Path2D(badge.sign));
  context.restore();
}

function drawCount(context: CanvasRenderingContext2D, hidden: number): void {
  if (hidden === 0) return;
  const text = hidden > MOST_SHOWN ? `${MOST_SHOWN}+` : `+${hidden}`;
  context.font = '600 10.500px "Pretendard Variable", Pretendard, system-ui, sans-serif';
  const width = Math.max(17, context.measureText(text).width + 8);
  const left = Math.min(SYMBOL_SIZE / 2 + 3, SYMBOL_SIZE - width - 0.5);
  context.beginPath();
  context.roundRect(left, SYMBOL_SIZE - 16, width, 15, 7.5);
  context.fillStyle = '#1c2530';
  context.strokeStyle = '#fff';
  context.lineWidth = 1.5;
  context.fill();
  context.stroke();
  context.fillStyle = '#fff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, left + width / 2, SYMBOL_SIZE - 8);
}

/** A symbol as a picture, sharp at `density` device pixels to a CSS pixel. */
export function drawSymbol(look: SymbolLook, density: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.round(SYMBOL_SIZE * density);
  const context = canvas.getContext('2d')!;
  context.scale(density, density);
  const middle = SYMBOL_SIZE / 2;
  const disc = (radius: number, fill: string) => {
    context.beginPath();
    context.arc(middle, middle, radius, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
  };
  if (look.picked) disc(DISC + 5, '#ffa21f');
  disc(DISC + 2.6, 'rgb(15 25 40 / 0.55)');
  disc(DISC + 1.8, '#fff');
  disc(DISC, STATE_COLOURS[look.state]);
  context.save();
  context.translate(middle - 10, middle - 10);
  context.scale(20 / 24, 20 / 24);
  context.strokeStyle = '#fff';
  context.lineWidth = 2.1;
  context.lineJoin = context.lineCap = 'round';
  context.stroke(new Path2D(KIND_SIGNS[look.kind]));
  context.restore();
  drawBadge(context, look.state);
  drawCount(context, look.hidden);
  return canvas;
}
