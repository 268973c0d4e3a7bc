/** What the chart shows: which series, and over which time. */
import { computed, signal } from '@preact/signals';
import type { DatastreamInfo, SensorInfo } from '../client/sensorTypes';
import { unitsOf } from '../sensors/series';
import { sensors } from './sensors';
import { toast } from './store';

export const MOST_CHARTED = 8;
const MOST_UNITS = 2;
const HOUR = 3_600_000;
export const SPANS = [6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 365 * 24 * HOUR] as const;

export interface Charted {
  sensor: SensorInfo;
  stream: DatastreamInfo;
}

/** Ids of datastreams, in the order of their colours. */
export const charted = signal<number[]>([]);
/** How long a time the chart shows up to the present, or to the shown time [ms]. */
export const span = signal<number>(SPANS[1]);
export const chartOpen = signal(false);

/** Every known datastream with its sensor, by its id. */
export const streams = computed(() => {
  const found = new Map<number, Charted>();
  for (const sensor of sensors.value.values()) {
    for (const stream of sensor.datastreams) found.set(stream.id, { sensor, stream });
  }
  return found;
});

/** The charted series that the server still knows. */
export const chartedStreams = computed(() => charted.value.flatMap((id) => streams.value.get(id) ?? []));

export const isCharted = (id: number) => charted.value.includes(id);

/** Adds a series to the chart, or says why it does not fit. */
export function addToChart(id: number): void {
  chartOpen.value = true;
  if (isCharted(id)) return;
  const units = chartedStreams.peek().map(({ stream }) => stream.unit);
  const added = streams.peek().get(id)?.stream.unit ?? '';
  if (charted.peek().length >= MOST_CHARTED) toast.value = { key: 'charts.full' };
  else if (unitsOf([...units, added]).length > MOST_UNITS) toast.value = { key: 'charts.units' };
  else charted.value = [...charted.peek(), id];
}

export function removeFromChart(id: number): void {
  charted.value = charted.peek().filter((other) => other !== id);
}
