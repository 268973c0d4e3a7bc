/** The chart's data: read for the shown range, finer when zoomed, and longer with each reading that comes. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { ApiError } from '../client/api';
import { getRules, getSeries, MOST_SERIES } from '../client/readings';
import type { AlertRule, SeriesAnswer } from '../client/sensorTypes';
import { appended, limitsOf, tableOf } from '../sensors/series';
import { charted, chartedStreams, chartOpen, span } from '../state/charts';
import { arrived, readingTime } from '../state/sensors';

const WAIT_MS = 300;
/** How often means by hour or day are read anew while the chart follows the present [ms]. */
const REFRESH_MS = 60_000;
const POINTS = 1500;
/** Room after the present, so that the newest point is seen, as a share of the span. */
const LEAD = 0.01;

export const answer = signal<SeriesAnswer | null>(null);
export const chartError = signal<string | null>(null);
export const chartLoading = signal(false);
/** The range that was zoomed to, or null while the chart follows the shown time. */
export const zoomRange = signal<[number, number] | null>(null);
export const rules = signal<AlertRule[]>([]);

const latest = computed(() => {
  void [arrived.value, answer.value];
  return readingTime.value ?? Date.now();
});

/** What the chart shows [ms]. */
export const range = computed<[number, number]>(
  () => zoomRange.value ?? [latest.value - span.value, latest.value + span.value * LEAD],
);

export const table = computed(() => (answer.value ? tableOf(answer.value) : { times: [], columns: [] }));
export const limits = computed(() => limitsOf(rules.value, chartedStreams.value));

/** Follows what is charted while the chart is open; the answer ends it. */
export function followChart(): () => void {
  const ends: (() => void)[] = [];
  let abort = new AbortController();
  let timer = 0;
  const read = async () => {
    abort.abort();
    abort = new AbortController();
    const { signal: stop } = abort;
    const [from, to] = range.peek();
    const datastreams = charted.peek().slice(0, MOST_SERIES);
    if (datastreams.length === 0) {
      answer.value = null;
      return;
    }
    chartLoading.value = true;
    try {
      const margin = zoomRange.peek() ? (to - from) * 0.5 : 0;
      const asked = { datastreams, from: from - margin, to: to + margin + 1000, points: POINTS };
      answer.value = await getSeries(asked, stop);
      chartError.value = null;
    } catch (error) {
      if (stop.aborted) return;
      chartError.value = error instanceof ApiError ? error.detail : String(error);
    } finally {
      if (!stop.aborted) chartLoading.value = false;
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void read(), WAIT_MS);
  };
  ends.push(
    effect(() => {
      void [charted.value, span.value, zoomRange.value, readingTime.value];
      untracked(soon);
    }),
    effect(() => {
      const batch = arrived.value;
      untracked(() => {
        const now = answer.value;
        if (!now || now.step !== 'raw' || readingTime.value !== null) return;
        let changed = false;
        const series = now.series.map((part) => {
          const news = batch.filter((reading) => reading.datastream === part.datastream);
          const next = news.reduce(
            (known, { time, value, flags }) => appended(known, time, value, flags),
            part,
          );
          changed ||= next !== part;
          return next;
        });
        if (changed) answer.value = { ...now, series };
      });
    }),
  );
  const refresh = setInterval(() => {
    if (readingTime.peek() === null && zoomRange.peek() === null && !document.hidden) void read();
  }, REFRESH_MS);
  getRules()
    .then((found) => (rules.value = found))
    .catch(() => undefined);
  return () => {
    ends.forEach((end) => end());
    clearInterval(refresh);
    clearTimeout(timer);
    abort.abort();
  };
}

export function closeChart(): void {
  chartOpen.value = false;
  zoomRange.value = null;
}
