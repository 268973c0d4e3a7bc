/** The shapes of readings, alerts and fields as the server sends them. Times are milliseconds since 1970. */
import type { Localized } from './types';

export const KINDS = ['stream-level', 'rain', 'air', 'hydrant', 'meter', 'weather', 'other'] as const;
export type SensorKind = (typeof KINDS)[number];

/** From the least to the most urgent. */
export const STATES = ['ok', 'late', 'silent', 'flagged', 'alert'] as const;
export type SensorState = (typeof STATES)[number];

export interface DatastreamInfo {
  id: number;
  name: string;
  property: string;
  unit: string;
  value: unknown;
  time: number | null;
  flags: string[];
}

export interface SensorInfo {
  id: number;
  name: string;
  kind: SensorKind;
  longitude: number | null;
  latitude: number | null;
  height: number | null;
  state: SensorState;
  last_seen: number | null;
  object_id: string | null;
  datastreams: DatastreamInfo[];
}

export interface SensorDetails extends SensorInfo {
  description?: string;
  link?: { object_id: string; layer?: string | null } | null;
  health?: DeviceHealth;
}

interface DeviceHealth {
  state: SensorState;
  last_seen: number | null;
  expected_interval_s: number | null;
  battery: number | null;
}

export interface Device extends DeviceHealth {
  thing: number;
  name: string;
}

export interface SensorPage {
  total: number;
  sensors: SensorInfo[];
}

/** A reading as `/events` tells it. */
export interface ReadingEvent {
  datastream: number;
  thing: number | null;
  time: number;
  value: unknown;
  flags: string[];
}

export interface LayerValues {
  property: string;
  unit: string;
  time: number;
  ids: (string | number)[];
  values: (number | null)[];
  ages: number[];
  minimum: number | null;
  maximum: number | null;
}

export interface SeriesPart {
  datastream: number;
  name: string;
  unit: string;
  times: number[];
  values: (number | null)[];
  minimum: (number | null)[];
  maximum: (number | null)[];
  /** Which point has which flag. */
  flags: [number, string][];
}

export interface SeriesAnswer {
  step: 'raw' | 'hour' | 'day';
  /** Days in one point, when the step is `day`. */
  days?: number;
  series: SeriesPart[];
}

export type FieldMethod = 'kriging' | 'idw';

export interface Field {
  property: string;
  unit: string;
  time: number;
  method: FieldMethod;
  bounds: [west: number, south: number, east: number, north: number];
  minimum: number;
  maximum: number;
  uncertainty_maximum: number;
  image: string;
  uncertainty_image: string;
  stations: number;
  colors: string[];
}

export type Severity = 'info' | 'warning' | 'critical';
export type AlertState = 'raised' | 'acknowledged' | 'cleared';

export interface AlertEvent {
  state: AlertState;
  at: number;
  time?: number | null;
  value?: number | null;
  who?: string | null;
  note?: string | null;
}

export interface Alert {
  id: number;
  rule: string;
  title: Localized;
  severity: Severity;
  state: AlertState;
  thing: number | null;
  datastream: number | null;
  object_id: string | null;
  value: number | null;
  unit: string | null;
  threshold: number | null;
  /** Of the reading that raised it; `raised_at` is the server's clock. */
  time?: number | null;
  raised_at: number;
  acknowledged_at: number | null;
  cleared_at: number | null;
  history: AlertEvent[];
}

export interface AlertSelect {
  datastreams?: number[] | null;
  things?: number[] | null;
  property?: string | null;
  kind?: string | null;
  unit?: string | null;
  area?: unknown;
}

export interface AlertCondition {
  kind: 'threshold' | 'rate' | 'missing' | 'combination';
  operator?: string;
  value?: number;
  parts?: { select: AlertSelect; condition: AlertCondition }[];
}

export interface AlertRule {
  name: string;
  title: Localized;
  severity: Severity;
  enabled: boolean;
  select: AlertSelect | null;
  condition: AlertCondition;
}

export interface FlaggedReading {
  id: number;
  datastream: number;
  name: string;
  thing: number;
  thing_name: string;
  time: number;
  value: unknown;
  unit: string | null;
  flags: string[];
}

/** An hour whose mean is unlike the same hour of earlier weeks. */
export interface Anomaly {
  datastream: number;
  /** When the hour begins. */
  time: number;
  value: number;
  /** How many usual deviations the value is above what is usual; negative when below. */
  z: number;
  median: number;
  expected: [low: number, high: number];
  /** Whether it was compared with the same hour of the week, or of the day. */
  basis: 'week' | 'day';
}

export interface AnomalyPage {
  /** Where to go on, null after the last datastream. */
  next: number | null;
  anomalies: Anomaly[];
}
