/** A flood's water as it is fetched: ground and greatest depths at once, frames when they are needed. */
import { getBytes } from '../client/runs';
import type { Figure } from './figures';
import { type Cell, filled, type WaterFile } from './grid';

/** Frames kept in memory [bytes]. */
const KEPT = 128 * 1024 * 1024;
const CELL_BYTES = 2;
const FIGURE_BYTES = 4;

export class Water {
  readonly #frames = new Map<number, Promise<Uint16Array>>();
  readonly #figures = new Map<string, Promise<Float32Array>>();
  readonly #most: number;

  private constructor(
    readonly run: string,
    readonly file: WaterFile,
    readonly elevation: Float32Array,
    /** Greatest depth of each cell [mm]. */
    readonly maximum: Uint16Array,
  ) {
    this.#most = Math.max(3, Math.floor(KEPT / (this.cells * CELL_BYTES)));
  }

  static async open(run: string, file: WaterFile): Promise<Water> {
    const [ground, maximum] = await Promise.all([
      getBytes(run, file.elevation.href),
      getBytes(run, file.maximum.href),
    ]);
    const cells = file.width * file.height;
    if (ground.byteLength !== cells * 4 || maximum.byteLength !== cells * CELL_BYTES) {
      throw new Error(`${run}: ${file.elevation.href}, ${file.maximum.href}: ${cells} ≠ width × height`);
    }
    return new Water(run, file, filled(new Float32Array(ground)), new Uint16Array(maximum));
  }

  get cells(): number {
    return this.file.width * this.file.height;
  }

  get duration(): number {
    return this.file.times.at(-1) ?? 0;
  }

  /** Depths of a frame [mm]. */
  frame(index: number): Promise<Uint16Array> {
    const known = this.#frames.get(index);
    if (known) {
      this.#frames.delete(index);
      this.#frames.set(index, known);
      return known;
    }
    const length = this.cells * CELL_BYTES;
    const asked = getBytes(this.run, this.file.frames.href, { from: index * length, length }).then(
      (bytes) => new Uint16Array(bytes),
    );
    asked.catch(() => this.#frames.delete(index));
    this.#frames.set(index, asked);
    if (this.#frames.size > this.#most) this.#frames.delete(this.#frames.keys().next().value!);
    return asked;
  }

  /** Depths of one cell in all frames [m]. */
  async series({ row, column }: Cell): Promise<number[]> {
    const cell = row * this.file.width + column;
    const whole = this.cells * CELL_BYTES * this.file.frames.count <= KEPT;
    const depths: number[] = [];
    for (let index = 0; index < this.file.frames.count; index++) {
      if (whole || this.#frames.has(index)) {
        depths.push((await this.frame(index))[cell]! / 1000);
        continue;
      }
      const from = (index * this.cells + cell) * CELL_BYTES;
      const bytes = await getBytes(this.run, this.file.frames.href, { from, length: CELL_BYTES });
      depths.push(new Uint16Array(bytes)[0]! / 1000);
    }
    return depths;
  }

  figureOf(name: string): Figure | undefined {
    return this.file.layers?.find((figure) => figure.name === name);
  }

  /** A figure's values, NaN where there is none. */
  figure({ name, href }: Figure): Promise<Float32Array> {
    const known = this.#figures.get(name);
    if (known) return known;
    const asked = getBytes(this.run, href).then((bytes) => new Float32Array(bytes));
    asked.catch(() => this.#figures.delete(name));
    this.#figures.set(name, asked);
    return asked;
  }

  /** A figure's value in one cell. */
  async figureAt(figure: Figure, { row, column }: Cell): Promise<number> {
    const cell = row * this.file.width + column;
    const known = this.#figures.get(figure.name);
    if (known) return (await known)[cell]!;
    const part = { from: cell * FIGURE_BYTES, length: FIGURE_BYTES };
    return new Float32Array(await getBytes(this.run, figure.href, part))[0]!;
  }

  maximumAt({ row, column }: Cell): number {
    return this.maximum[row * this.file.width + column]! / 1000;
  }
}
