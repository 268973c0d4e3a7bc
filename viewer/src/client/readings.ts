/** What the server tells of sensors, readings, alerts and fields. */
import { get, post } from './api';
import type {
  Alert,
  AlertRule,
  Anomaly,
  AnomalyPage,
  Device,
  Field,
  FieldMethod,
  FlaggedReading,
  LayerValues,
  SensorDetails,
  SensorInfo,
  SensorPage,
  SeriesAnswer,
} from './sensorTypes';

const PAGE = 1000;
const MOST_SENSORS = 20_000;
/** As many series as the server gives in one answer. */
export const MOST_SERIES = 20;

const query = (values: Record<string, string | number | null | undefined>) =>
  Object.entries(values)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`)
    .join('&');

export const iso = (epochMs: number) => new Date(epochMs).toISOString();
const moment = (time: number | null) => (time === null ? null : iso(time));

/** All sensors at a time (null: now), page after page. */
export async function getSensors(time: number | null, abort?: AbortSignal): Promise<SensorInfo[]> {
  const found: SensorInfo[] = [];
  for (;;) {
    const asked = query({ limit: PAGE, offset: found.length, time: moment(time) });
    const page = await get<SensorPage>(`/sensors?${asked}`, abort);
    found.push(...page.sensors);
    if (page.sensors.length === 0 || found.length >= Math.min(page.total, MOST_SENSORS)) return found;
  }
}

export const getSensor = (thing: number, time: number | null, abort?: AbortSignal) =>
  get<SensorDetails>(`/sensors/${thing}?${query({ time: moment(time) })}`, abort);

export const getObjectSensors = async (id: string, time: number | null, abort?: AbortSignal) =>
  (
    await get<{ sensors: SensorInfo[] }>(
      `/objects/${encodeURIComponent(id)}/observations?${query({ time: moment(time) })}`,
      abort,
    )
  ).sensors;

export interface SeriesQuery {
  datastreams: number[];
  from: number;
  to: number;
  step?: 'auto' | 'hour';
  points?: number;
}

export function seriesPath({ datastreams, from, to, step, points }: SeriesQuery, format?: 'csv'): string {
  return `/series?${query({
    datastream: datastreams.join(','),
    from: iso(from),
    to: iso(to),
    step: step ?? 'auto',
    max_points: points,
    format,
  })}`;
}

export const getSeries = (asked: SeriesQuery, abort?: AbortSignal) =>
  get<SeriesAnswer>(seriesPath(asked), abort);

export const getLayerValues = (layer: string, property: string, time: number | null, abort?: AbortSignal) =>
  get<LayerValues>(
    `/layers/${encodeURIComponent(layer)}/values?${query({ property, time: moment(time) })}`,
    abort,
  );

export const getField = (property: string, method: FieldMethod, time: number | null, abort?: AbortSignal) =>
  get<Field>(`/fields?${query({ property, method, time: moment(time) })}`, abort);

export const getAlerts = async (state: 'open' | 'cleared', limit: number, abort?: AbortSignal) =>
  (await get<{ alerts: Alert[] }>(`/alerts?${query({ state, limit })}`, abort)).alerts;

export const getRules = async (abort?: AbortSignal) =>
  (await get<{ rules: AlertRule[] }>('/alerts/rules', abort)).rules;

export const acknowledge = (alert: number) => post<Alert>(`/alerts/${alert}/acknowledge`);

export const getDevices = async (abort?: AbortSignal) =>
  (await get<{ devices: Device[] }>('/health/devices?limit=10000', abort)).devices;

export const getFlagged = async (abort?: AbortSignal) =>
  (await get<{ observations: FlaggedReading[] }>('/quality?limit=200', abort)).observations;

const DATASTREAMS = 500;
const MOST_DATASTREAMS = 5000;

/**
 * Hours unlike the same hour of earlier weeks, of all datastreams. from: null for the latest day of each.
 * threshold: how many usual deviations an hour has to lie away.
 */
export async function getAnomalies(
  from: number | null,
  threshold: number,
  abort?: AbortSignal,
): Promise<Anomaly[]> {
  const found: Anomaly[] = [];
  for (let offset: number | null = 0; offset !== null && offset < MOST_DATASTREAMS;) {
    const asked = query({ from: moment(from), threshold, limit: DATASTREAMS, offset });
    const page: AnomalyPage = await get<AnomalyPage>(`/anomalies?${asked}`, abort);
    found.push(...page.anomalies);
    offset = page.next;
  }
  return found;
}
