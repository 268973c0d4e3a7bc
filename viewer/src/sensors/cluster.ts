/** Which symbols to draw when they overlap: the most urgent of each crowd, with the number of those behind it. */

export interface Placed {
  id: number;
  /** CSS pixels. */
  x: number;
  y: number;
  /** Higher ones stay. */
  weight: number;
}

export interface Crowd {
  id: number;
  x: number;
  y: number;
  /** The others that it stands for. */
  hidden: number[];
}

/** Goes through the symbols from the weightiest on; each one near an earlier one is put behind that one. */
export function thin(placed: Placed[], distance: number): Crowd[] {
  const order = [...placed].sort((a, b) => b.weight - a.weight || a.id - b.id);
  const cells = new Map<string, Crowd[]>();
  const crowds: Crowd[] = [];
  for (const { id, x, y } of order) {
    const [column, row] = [Math.floor(x / distance), Math.floor(y / distance)];
    let nearest: Crowd | null = null;
    let least = distance;
    for (let i = column - 1; i <= column + 1; i++) {
      for (let j = row - 1; j <= row + 1; j++) {
        for (const crowd of cells.get(`${i},${j}`) ?? []) {
          const apart = Math.hypot(crowd.x - x, crowd.y - y);
          if (apart < least) [nearest, least] = [crowd, apart];
        }
      }
    }
    if (nearest) {
      nearest.hidden.push(id);
      continue;
    }
    const crowd: Crowd = { id, x, y, hidden: [] };
    crowds.push(crowd);
    const key = `${column},${row}`;
    cells.set(key, [...(cells.get(key) ?? []), crowd]);
  }
  return crowds;
}

interface Written {
  /** The middle of the text [CSS px]. */
  x: number;
  y: number;
  text: string;
}

const LETTER = 7.4;
const LABEL_HEIGHT = 20;
const LABEL_PADDING = 14;
/** Half the size of a symbol's disc [CSS px]. */
const DISC = 15;

/** Which labels can be written, in the order given, so that none covers a symbol or an earlier label. */
export function freeLabels(labels: Written[], symbols: { x: number; y: number }[]): number[] {
  const taken: { x: number; y: number; width: number }[] = [];
  return labels.flatMap(({ x, y, text }, index) => {
    if (text === '') return [];
    const width = text.length * LETTER + LABEL_PADDING;
    const covers = symbols.some(
      (symbol) =>
        Math.abs(symbol.x - x) < width / 2 + DISC && Math.abs(symbol.y - y) < LABEL_HEIGHT / 2 + DISC,
    );
    const overlaps = taken.some(
      (other) => Math.abs(other.x - x) < (width + other.width) / 2 && Math.abs(other.y - y) < LABEL_HEIGHT,
    );
    if (covers || overlaps) return [];
    taken.push({ x, y, width });
    return [index];
  });
}
