/** One uPlot chart: lines with bands, gaps, flagged points and thresholds; zoomed by drag, wheel and keys. */
import uPlot from 'uplot';
import type { Column, Limit, Table } from '../sensors/series';

export interface PlotLook {
  colours: string[];
  ink: string;
  quiet: string;
  line: string;
  flagged: string;
  severity: Record<Limit['rule']['severity'], string>;
  font: string;
}

export interface PlotInput {
  table: Table;
  /** Unit and colour of each datastream. */
  streams: ReadonlyMap<number, { unit: string; colour: string }>;
  units: string[];
  limits: (Limit & { label: string })[];
  look: PlotLook;
  range: [number, number];
  zone: string;
  axisLabel: (unit: string) => string;
  tickTime: (epochMs: number, spanMs: number) => string;
  tickValue: (value: number) => string;
}

export interface PlotEvents {
  /** The table's row under the cursor, or null. */
  hover: (index: number | null) => void;
  zoomed: (from: number, to: number) => void;
}

const WHEEL = 0.8;
const BAND = '2e';
const LEAST_SPAN = 60_000;

/** Zooms about a place of the range, 0 to 1. */
export function zoomed(from: number, to: number, factor: number, at: number): [number, number] {
  const width = Math.max(LEAST_SPAN, (to - from) * factor);
  const middle = from + (to - from) * at;
  return [middle - width * at, middle + width * (1 - at)];
}

function seriesOf(column: Column, input: PlotInput): uPlot.Series {
  const stream = input.streams.get(column.datastream);
  const scale = stream?.unit ?? '';
  const colour = stream?.colour ?? input.look.ink;
  if (column.kind === 'flagged') {
    const points = { show: true, size: 10, width: 2, stroke: input.look.flagged, fill: 'transparent' };
    return { scale, paths: () => null, points };
  }
  if (column.kind !== 'value') return { scale, stroke: 'transparent', points: { show: false } };
  return { scale, stroke: colour, width: 1.8, points: { size: 5, fill: colour } };
}

/** Bands between the greatest and the least of a mean. */
function bandsOf(columns: Column[], input: PlotInput): uPlot.Band[] {
  return columns.flatMap((column, index) => {
    if (column.kind !== 'maximum') return [];
    const colour = input.streams.get(column.datastream)?.colour ?? input.look.ink;
    return [{ series: [index + 1, index] as uPlot.Band.Bounds, fill: colour + BAND }];
  });
}

function drawLimits(plot: uPlot, input: PlotInput): void {
  const { ctx, bbox } = plot;
  const density = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${11 * density}px ${input.look.font}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  for (const limit of input.limits) {
    if (!plot.scales[limit.unit]) continue;
    const y = Math.round(plot.valToPos(limit.value, limit.unit, true)) + 0.5;
    ctx.strokeStyle = ctx.fillStyle = input.look.severity[limit.rule.severity];
    ctx.lineWidth = density;
    ctx.setLineDash([5 * density, 4 * density]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(limit.label, bbox.left + 6 * density, y - 2 * density);
  }
  ctx.restore();
}

/** The range of values, wide enough for the thresholds that lie near it. */
function valueRange(input: PlotInput, unit: string): uPlot.Range.Function {
  return (_plot, least, most) => {
    if (least === null || most === null || !Number.isFinite(least)) return [0, 1];
    const width = most - least || Math.abs(most) || 1;
    for (const { value, unit: own } of input.limits) {
      if (own !== unit) continue;
      if (value > most && value - most < width * 1.5) most = value;
      if (value < least && least - value < width * 1.5) least = value;
    }
    const pad = (most - least || width) * 0.08;
    return [least >= 0 && least - pad < 0 ? 0 : least - pad, most + pad];
  };
}

const dataOf = ({ times, columns }: Table): uPlot.AlignedData => [
  times,
  ...columns.map((column) => column.values),
];

export class Plot {
  readonly #plot: uPlot;
  #table: Table;
  #range: [number, number];

  constructor(
    private readonly target: HTMLElement,
    private readonly input: PlotInput,
    private readonly events: PlotEvents,
  ) {
    this.#range = input.range;
    this.#table = input.table;
    this.#plot = new uPlot(this.#options(), dataOf(input.table), target);
    this.#plot.over.addEventListener('wheel', this.#wheel, { passive: false });
  }

  destroy(): void {
    this.#plot.destroy();
  }

  /** Other data of the same series, and the range to show. */
  update(table: Table, [from, to]: [number, number]): void {
    this.#range = [from, to];
    this.#table = table;
    this.#plot.batch(() => {
      this.#plot.setData(dataOf(table), false);
      this.#plot.setScale('x', { min: from, max: to });
    });
  }

  resize(): void {
    const { clientWidth, clientHeight } = this.target;
    if (clientWidth > 0 && clientHeight > 0) {
      this.#plot.setSize({ width: clientWidth, height: clientHeight });
    }
  }

  /** Moves the range by a share of its width, or zooms about its middle. */
  move(share: number): void {
    const [from, to] = this.#range;
    const by = (to - from) * share;
    this.#show(from + by, to + by);
  }

  zoom(factor: number): void {
    this.#show(...zoomed(...this.#range, factor, 0.5));
  }

  /** Puts the cursor on the next or the previous point. */
  step(direction: 1 | -1): void {
    const { times } = this.#table;
    if (times.length === 0) return;
    const now = this.#plot.cursor.idx ?? (direction > 0 ? -1 : times.length);
    const index = Math.min(times.length - 1, Math.max(0, now + direction));
    const left = this.#plot.valToPos(times[index]!, 'x');
    this.#plot.setCursor({ left, top: this.#plot.over.clientHeight / 2 });
  }

  /** The picture of the chart as it stands. */
  get canvas(): HTMLCanvasElement {
    return this.#plot.ctx.canvas;
  }

  readonly #wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const { left, width } = this.#plot.over.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - left) / width));
    this.#show(...zoomed(...this.#range, event.deltaY < 0 ? WHEEL : 1 / WHEEL, at));
  };

  #show(from: number, to: number): void {
    this.#range = [from, to];
    this.#plot.setScale('x', { min: from, max: to });
    this.events.zoomed(from, to);
  }

  #options(): uPlot.Options {
    const { input, events } = this;
    const { look } = input;
    const font = `11.5px ${look.font}`;
    const grid = { stroke: look.line, width: 1 };
    const value = (unit: string, index: number): uPlot.Axis => ({
      scale: unit,
      side: index === 0 ? 3 : 1,
      stroke: look.quiet,
      font,
      labelFont: `600 ${font}`,
      label: input.axisLabel(unit),
      labelSize: 18,
      size: 52,
      grid: { ...grid, show: index === 0 },
      ticks: { show: false },
      values: (_plot, splits) => splits.map((split) => input.tickValue(split)),
    });
    return {
      width: Math.max(100, this.target.clientWidth),
      height: Math.max(80, this.target.clientHeight),
      ms: 1,
      tzDate: (epochMs) => uPlot.tzDate(new Date(epochMs), input.zone),
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false, dist: 6 },
        points: { size: 7 },
        y: false,
        bind: { dblclick: () => () => null },
      },
      scales: {
        x: { time: true, min: input.range[0], max: input.range[1] },
        ...Object.fromEntries(input.units.map((unit) => [unit, { range: valueRange(input, unit) }])),
      },
      series: [{}, ...input.table.columns.map((column) => seriesOf(column, input))],
      bands: bandsOf(input.table.columns, input),
      axes: [
        {
          stroke: look.quiet,
          font,
          grid,
          ticks: { show: false },
          size: 30,
          space: 76,
          values: (plot, splits) => {
            const { min, max } = plot.scales.x!;
            return splits.map((split) => input.tickTime(split, (max ?? 0) - (min ?? 0)));
          },
        },
        ...input.units.map(value),
      ],
      hooks: {
        draw: [(plot) => drawLimits(plot, input)],
        setCursor: [(plot) => events.hover(plot.cursor.idx ?? null)],
        setScale: [
          (plot, key) => {
            const { min, max } = plot.scales.x!;
            if (key !== 'x' || min == null || max == null) return;
            const [from, to] = this.#range;
            if (Math.abs(from - min) < 1 && Math.abs(to - max) < 1) return;
            this.#range = [min, max];
            events.zoomed(min, max);
          },
        ],
      },
    };
  }
}
