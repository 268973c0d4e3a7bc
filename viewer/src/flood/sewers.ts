/** A flood's storm drains: nodes and links with their states over time, as the run's files hold them. */
import { getBytes } from '../client/runs';
import { gradeOf } from './figures';
import { framesAt } from './grid';

type Variable = 'surcharge' | 'above_rim' | 'exchange' | 'fill' | 'flow';

export interface SewersFile {
  geometry: string;
  data: string;
  /** [s since the start] */
  time: number[];
  variables: Record<Variable, { shape: [times: number, columns: number]; offset: number }>;
}

export const isSewersFile = (value: unknown): value is SewersFile => {
  const file = value as Partial<SewersFile> | null;
  return (
    typeof file?.geometry === 'string' && Array.isArray(file.time) && 'above_rim' in (file.variables ?? {})
  );
};

export type Point = [longitude: number, latitude: number, height: number];

interface NodeProperties {
  kind: 'node';
  id: string;
  index: number;
  type: string;
  /** Heights, and the depth from rim to invert [m]. */
  invert: number;
  rim: number;
  depth: number;
}

interface LinkProperties {
  kind: 'link';
  id: string;
  index: number;
  type: string;
  from: string;
  to: string;
  shape: string;
  /** [m] */
  full_depth: number | null;
  width: number | null;
  barrels: number;
}

interface Geometry {
  features: (
    | { geometry: { coordinates: Point }; properties: NodeProperties }
    | { geometry: { coordinates: Point[] }; properties: LinkProperties }
  )[];
}

export type DrainNode = NodeProperties & { place: Point };
export type DrainLink = LinkProperties & { line: Point[] };

/** Water below the crown of the pipes, above it, or over the rim of the shaft. */
export const NODE_STATES = ['free', 'surcharged', 'over'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** Shares of the full depth from which a pipe has another colour; ours. The last is a full pipe. */
export const FILL_GRADES = [{ from: 0 }, { from: 0.5 }, { from: 0.8 }, { from: 0.995 }] as const;
/** Less than that above the crown is not counted [m]. */
const SURCHARGED_FROM = 0.01;

/** When the states are wanted: at a time [s], or the greatest of all times. */
export type Moment = number | 'greatest';

export class Sewers {
  private constructor(
    private readonly file: SewersFile,
    readonly nodes: ReadonlyMap<number, DrainNode>,
    readonly links: ReadonlyMap<number, DrainLink>,
    private readonly data: ArrayBuffer,
  ) {}

  static async open(run: string, file: SewersFile): Promise<Sewers> {
    const [geometry, data] = await Promise.all([getBytes(run, file.geometry), getBytes(run, file.data)]);
    const { features } = JSON.parse(new TextDecoder().decode(geometry)) as Geometry;
    return Sewers.of(file, features, data);
  }

  static of(file: SewersFile, features: Geometry['features'], data: ArrayBuffer): Sewers {
    const nodes = new Map<number, DrainNode>();
    const links = new Map<number, DrainLink>();
    for (const { geometry, properties } of features) {
      if (properties.kind === 'node') {
        nodes.set(properties.index, { ...properties, place: geometry.coordinates as Point });
      } else links.set(properties.index, { ...properties, line: geometry.coordinates as Point[] });
    }
    return new Sewers(file, nodes, links, data);
  }

  get times(): number[] {
    return this.file.time;
  }

  #frame(variable: Variable, frame: number): Float32Array {
    const { shape, offset } = this.file.variables[variable];
    return new Float32Array(this.data, offset + frame * shape[1] * 4, shape[1]);
  }

  /** The values of one node or link at all times. */
  series(variable: Variable, index: number): number[] {
    return this.file.time.map((_, frame) => this.#frame(variable, frame)[index]!);
  }

  /** Of flows, the greatest is the one that is furthest from none, whatever its direction. */
  valueAt(variable: Variable, index: number, moment: Moment): number {
    if (moment === 'greatest') {
      const size = variable === 'flow' ? Math.abs : (value: number) => value;
      return this.series(variable, index).reduce((most, value) => (size(value) > size(most) ? value : most));
    }
    const { before, after, share } = framesAt(this.file.time, moment);
    const [early, late] = [this.#frame(variable, before)[index]!, this.#frame(variable, after)[index]!];
    return early * (1 - share) + late * share;
  }

  /** Level of the water in a node [m], in the heights of the network's file. */
  heads(node: DrainNode): number[] {
    return this.series('above_rim', node.index).map((above) => node.rim + above);
  }

  stateOf(node: number, moment: Moment): NodeState {
    if (this.valueAt('above_rim', node, moment) > 0) return 'over';
    return this.valueAt('surcharge', node, moment) > SURCHARGED_FROM ? 'surcharged' : 'free';
  }

  /** The grade of a link's fill, or null where the file does not tell its section. */
  gradeOf(link: number, moment: Moment): number | null {
    const fill = this.valueAt('fill', link, moment);
    return Number.isFinite(fill) ? gradeOf([...FILL_GRADES], fill) : null;
  }
}
