/** Which hours of the shown day have readings, and when alerts were raised in it. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { getSeries, MOST_SERIES } from '../client/readings';
import { Latest } from '../sensors/latest';
import { alerts } from './alerts';
import { charted } from './charts';
import { hasSensors, pickedSensor, sensors } from './sensors';
import { instant, zone } from './store';
import { fromLocal, toLocal } from './zone';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PAUSE_MS = 1500;

export const shownDay = computed(() => toLocal(instant.value, zone.value).date);
const midnight = computed(() => fromLocal(shownDay.value, 0, zone.value));

/** Ranges of the shown day with readings, as shares of it. */
export const dataRanges = signal<[from: number, to: number][]>([]);

export const alertMarks = computed(() => {
  const start = midnight.value;
  return [...alerts.value.values()].flatMap((alert) => {
    const share = ((alert.time ?? alert.raised_at) - start) / DAY;
    return share >= 0 && share <= 1 ? [{ id: alert.id, share, severity: alert.severity }] : [];
  });
});

/** Hours that touch each other as one range, in shares of the day. */
export function hourRanges(hours: number[], start: number): [number, number][] {
  const ranges: [number, number][] = [];
  for (const hour of [...new Set(hours)].sort((a, b) => a - b)) {
    const from = Math.max(0, (hour - start) / DAY);
    const to = Math.min(1, (hour + HOUR - start) / DAY);
    if (to <= 0 || from >= 1) continue;
    const last = ranges.at(-1);
    if (last && from - last[1] < 1e-6) last[1] = to;
    else ranges.push([from, to]);
  }
  return ranges;
}

interface Wanted {
  start: number;
  datastreams: number[];
}

async function read({ start, datastreams }: Wanted): Promise<void> {
  try {
    const asked = { datastreams, from: start, to: start + DAY, step: 'hour' as const };
    const { series } = await getSeries(asked);
    dataRanges.value = hourRanges(
      series.flatMap((part) => part.times),
      start,
    );
  } catch {
    dataRanges.value = [];
  }
}

/** The datastreams that the marks speak of: those of the chart, else of the picked sensor, else one of each of some. */
function chosen(): number[] {
  if (charted.value.length > 0) return charted.value.slice(0, MOST_SERIES);
  const known = sensors.value;
  const picked = known.get(pickedSensor.value ?? -1);
  if (picked) return picked.datastreams.slice(0, MOST_SERIES).map((stream) => stream.id);
  const all = [...known.values()].flatMap((sensor) => sensor.datastreams[0]?.id ?? []);
  const every = Math.max(1, Math.floor(all.length / MOST_SERIES));
  return all.filter((_, index) => index % every === 0).slice(0, MOST_SERIES);
}

export function followDay(): void {
  if (!hasSensors.peek()) return;
  const asked = new Latest(read, PAUSE_MS);
  let before = '';
  effect(() => {
    const wanted = { start: midnight.value, datastreams: chosen() };
    const key = JSON.stringify(wanted);
    if (key === before || wanted.datastreams.length === 0) return;
    before = key;
    untracked(() => asked.ask(wanted));
  });
}
