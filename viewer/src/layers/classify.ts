/** Attribute value → colour, and the legend that says so. */
import type { LayerAttribute } from '../client/types';
import type { Classification } from '../state/store';
import { CATEGORIES, NO_DATA, OTHER, rampColour } from './ramps';

export interface LegendEntry {
  colour: string;
  /** Null stands for every value beyond the first seven. */
  label: string | null;
}

export interface Classifier {
  colour: (value: unknown) => string;
  /** The ramp's range, or null for categories. */
  range: [number, number] | null;
  entries: LegendEntry[];
}

const isNumeric = (attribute: LayerAttribute) => attribute.type === 'number';

/** The attribute's own range; equal ends are set apart so that a ramp has a length. */
export function naturalRange(attribute: LayerAttribute): [number, number] {
  const from = attribute.min ?? 0;
  const to = attribute.max ?? 1;
  return to > from ? [from, to] : [from, from + 1];
}

/** Colours numbers between the ends of the chosen range, or of the `own` one. */
export function numberClassifier(by: Classification, own: [number, number]): Classifier {
  const range = by.range ?? own;
  const [from, to] = range;
  const colour = (value: unknown) => {
    const number = typeof value === 'number' ? value : Number.NaN;
    return Number.isFinite(number) ? rampColour(by.ramp, (number - from) / (to - from)) : NO_DATA;
  };
  return { colour, range, entries: [] };
}

function categorical(attribute: LayerAttribute): Classifier {
  const known =
    attribute.values ?? (attribute.type === 'boolean' ? [{ value: 'true' }, { value: 'false' }] : []);
  const places = known.length > CATEGORIES.length ? CATEGORIES.length - 1 : known.length;
  const table = new Map<string, string>();
  const entries: LegendEntry[] = [];
  known.slice(0, places).forEach((item, index) => {
    const colour = CATEGORIES[index]!;
    table.set(String(item.value), colour);
    if (item.label) table.set(item.label, colour);
    entries.push({ colour, label: item.label ?? String(item.value) });
  });
  if (known.length > places) entries.push({ colour: OTHER, label: null });
  const colour = (value: unknown) => {
    if (value === null || value === undefined || value === '') return NO_DATA;
    return table.get(String(value)) ?? OTHER;
  };
  return { colour, range: null, entries };
}

export function classifier(by: Classification, attribute: LayerAttribute): Classifier {
  return isNumeric(attribute) ? numberClassifier(by, naturalRange(attribute)) : categorical(attribute);
}
