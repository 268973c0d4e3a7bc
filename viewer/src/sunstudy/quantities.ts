/** Quantities that surfaces are coloured by: which ramp, which range, and the shares of values in it. */
import type { Quantity } from '../client/sun';
import { type Ramp, rampStops } from '../layers/ramps';

const RAMP_NAMES = new Set<string>(['viridis', 'solar', 'batlow', 'vik', 'deep'] satisfies Ramp[]);

export const isQuantity = (value: unknown): value is Quantity => {
  const found = value as Partial<Quantity> | null;
  return (
    typeof found?.property === 'string' &&
    /^[a-z][a-z0-9_]*$/.test(found.property) &&
    Number.isFinite(found.minimum) &&
    Number.isFinite(found.maximum) &&
    typeof found.title?.ko === 'string'
  );
};

/** What `legend.json` says, without what this viewer cannot draw. */
export const quantitiesOf = (file: unknown): Quantity[] => {
  const list = Array.isArray(file) ? file : (file as { quantities?: unknown } | null)?.quantities;
  return Array.isArray(list) ? list.filter(isQuantity) : [];
};

/** The ramp that a legend names, or one for amounts of light. */
export const rampOf = ({ ramp }: Quantity): Ramp => (RAMP_NAMES.has(ramp) ? (ramp as Ramp) : 'solar');

/** Whether a quantity is a difference, whose middle means that nothing changes. */
export const isChange = ({ property }: Quantity) => property.endsWith('_change');

/** The range of a ramp: a difference's is as wide on both sides of nothing. */
export function rangeOf(quantity: Quantity): [number, number] {
  const { minimum, maximum } = quantity;
  if (isChange(quantity)) {
    const most = Math.max(Math.abs(minimum), Math.abs(maximum)) || 1;
    return [-most, most];
  }
  return maximum > minimum ? [minimum, maximum] : [minimum, minimum + 1];
}

/** Tiles keep values as bytes, the one beyond the greatest for no data; more than this share of the range off is none. */
export const MARGIN = 1 / 500;

export const isKnown = ({ minimum, maximum }: Quantity, value: number) =>
  value > minimum - (maximum - minimum) * MARGIN && value < maximum + (maximum - minimum) * MARGIN;

/** Values under a legend's ramp: its own stops, or its ends and middle. */
export function ticksOf(quantity: Quantity): number[] {
  const [from, to] = rangeOf(quantity);
  const stops = quantity.stops ?? [];
  const even = stops.length > 1 && stops[0] === from && stops.at(-1) === to;
  return even ? stops : [from, (from + to) / 2, to];
}

export const coloursOf = (quantity: Quantity) => rampStops(rampOf(quantity));
