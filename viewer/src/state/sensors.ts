/** Sensors and their readings: the latest ones while the view is live, those of the shown time otherwise. */
import { computed, effect, signal } from '@preact/signals';
import { ApiError, offline } from '../client/api';
import { listen } from '../client/events';
import { getSensors } from '../client/readings';
import type { Alert, ReadingEvent, SensorInfo, SensorKind } from '../client/sensorTypes';
import { Latest } from '../sensors/latest';
import { withAlert, withReading } from '../sensors/model';
import { alertChanged, openAlerts, readAlerts } from './alerts';
import { city, instant, live, selection, staged } from './store';

/** Readings that come within this time are shown together [ms]. */
const GATHER_MS = 200;
/** How often everything is read anew, to learn who has fallen silent [ms]. */
const REFRESH_MS = 60_000;
/** How often the clock of a live view is set [ms]. */
const TICK_MS = 30_000;
/** Between two requests for other times, while the slider moves or time plays [ms]. */
const PAUSE_MS = 250;
/** Readings are asked for by the minute. */
const MINUTE = 60_000;

export interface SensorView {
  visible: boolean;
  labels: boolean;
  hidden: ReadonlySet<SensorKind>;
}

export const sensors = signal<ReadonlyMap<number, SensorInfo>>(new Map());
export const sensorError = signal<string | null>(null);
export const sensorsLoading = signal(false);
/** Whether readings come by themselves; null before the first connection. */
export const streaming = signal<boolean | null>(null);
export const sensorView = signal<SensorView>({ visible: true, labels: true, hidden: new Set() });
export const pickedSensor = signal<number | null>(null);
/** The sensors behind the symbol that was picked, itself first. */
export const crowd = signal<number[]>([]);
/** The readings that came last, for charts that follow. */
export const arrived = signal<ReadingEvent[]>([]);

/** Whether the server keeps readings at all. */
export const hasSensors = computed(() => city.value?.sensors != null);

/** The time that readings are shown for [ms], null for the latest. */
export const readingTime = computed(() => {
  const shown = Math.floor(instant.value / MINUTE) * MINUTE;
  return live.value || shown >= Date.now() - MINUTE ? null : shown;
});

/** The present, or the shown time: what ages are counted from. It is not followed. */
export const readingNow = () => readingTime.peek() ?? Date.now();

export function pickSensor(id: number | null): void {
  if (id !== null) selection.value = null;
  pickedSensor.value = id;
}

async function refresh(time: number | null): Promise<void> {
  sensorsLoading.value = true;
  try {
    const found = await getSensors(time);
    if (readingTime.peek() !== time && time === null) return;
    sensors.value = new Map(found.map((sensor) => [sensor.id, sensor]));
    sensorError.value = null;
  } catch (error) {
    sensorError.value = error instanceof ApiError ? error.detail : String(error);
  } finally {
    sensorsLoading.value = false;
  }
}

const asked = new Latest(refresh, PAUSE_MS);

/** Reads the sensors of the shown time anew. */
export const reloadSensors = () => asked.ask(readingTime.peek());

function takeReadings(batch: ReadingEvent[]): void {
  arrived.value = batch;
  if (readingTime.peek() !== null) return;
  const next = new Map(sensors.peek());
  let unknown = false;
  for (const reading of batch) {
    const sensor = reading.thing === null ? undefined : next.get(reading.thing);
    if (sensor?.datastreams.some((stream) => stream.id === reading.datastream)) {
      next.set(sensor.id, withReading(sensor, reading, Date.now()));
    } else unknown = true;
  }
  sensors.value = next;
  if (unknown) reloadSensors();
}

function takeAlert(alert: Alert): void {
  alertChanged(alert);
  const sensor = alert.thing === null ? undefined : sensors.peek().get(alert.thing);
  if (!sensor || readingTime.peek() !== null) return;
  const others = openAlerts.peek().some((other) => other.thing === sensor.id && other.id !== alert.id);
  sensors.value = new Map(sensors.peek()).set(sensor.id, withAlert(sensor, alert, others));
}

/** Follows the server and the shown time for as long as the page stands. */
export function followSensors(): void {
  if (!hasSensors.peek()) return;
  let batch: ReadingEvent[] = [];
  let gathering = 0;
  const flush = () => {
    gathering = 0;
    const taken = batch;
    batch = [];
    takeReadings(taken);
  };
  effect(() => asked.ask(readingTime.value));
  effect(() => {
    if (selection.value !== null) pickedSensor.value = null;
  });
  void readAlerts();
  listen({
    reading(reading) {
      batch.push(reading);
      if (gathering === 0) gathering = window.setTimeout(flush, GATHER_MS);
    },
    alert: takeAlert,
    anew() {
      reloadSensors();
      void readAlerts();
    },
    state: (now) => (streaming.value = now),
  });
  setInterval(() => {
    if (readingTime.peek() === null && !offline.peek() && !document.hidden) reloadSensors();
  }, REFRESH_MS);
  setInterval(() => {
    if (live.peek() && !staged.peek() && !document.hidden) instant.value = Date.now();
  }, TICK_MS);
}
