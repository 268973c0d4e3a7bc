/** The colours of buildings by what a run of energy says of them. */
import type { EnergyClass, EnergyProperty } from '../client/energy';
import type { Classifier } from '../layers/classify';
import { CATEGORIES, colourAt, mixed, NO_DATA, OTHER } from '../layers/ramps';

/**
 * Grades 1 to 5, darker the better, and none: C. Brewer (2003), colorbrewer2.org, five of the nine of `YlGnBu`,
 * which colour-blind eyes tell apart.
 */
const GRADE: Record<number, string> = {
  1: '#225ea8',
  2: '#1d91c0',
  3: '#41b6c4',
  4: '#7fcdbb',
  5: '#c7e9b4',
  0: OTHER,
};
export const gradeColour = (grade: number | null) => GRADE[grade ?? 0] ?? OTHER;
/** Ink on a grade's colour, with 4.5:1 at least. */
export const gradeInk = (grade: number | null) => (grade === 1 ? '#ffffff' : '#000000');

const PALE = '#f1f0ec';
/** What rests on guesses is so much nearer to white. */
const PALER = 0.55;
export const paler = (colour: string) => mixed(colour, PALE, PALER);

/** The classes of a property with colours that are told apart; those of the server beyond eight. */
export function classesOf(property: EnergyProperty & { kind: 'class' }): EnergyClass[] {
  return property.classes.map((one, index) => {
    if (property.id === 'grade') return { ...one, color: gradeColour(one.value) };
    const own = property.classes.length <= CATEGORIES.length ? CATEGORIES[index] : undefined;
    return { ...one, color: own ?? one.color };
  });
}

/** low and high, set apart where they are the same. */
export function rangeOf({ low, high }: { low: number; high: number }): [number, number] {
  return high > low ? [low, high] : [low, low + (Math.abs(low) || 1) * 0.1];
}

export function energyClassifier(property: EnergyProperty): Classifier {
  if (property.kind === 'class') {
    const classes = classesOf(property);
    const colours = new Map(classes.map(({ value, color }) => [value, color]));
    return { colour: (value) => colours.get(value as number) ?? NO_DATA, range: null, entries: [] };
  }
  const [from, to] = rangeOf(property);
  const colour = (value: unknown) =>
    typeof value === 'number' ? colourAt(property.colors, (value - from) / (to - from)) : NO_DATA;
  return { colour, range: [from, to], entries: [] };
}
