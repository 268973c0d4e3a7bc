/** Alerts: those that are open, those that came to an end, and what was said of them last. */
import { computed, signal } from '@preact/signals';
import { ApiError } from '../client/api';
import { acknowledge, getAlerts } from '../client/readings';
import type { Alert } from '../client/sensorTypes';
import { keepToken, readToken } from '../client/token';
import { isOpen } from '../sensors/model';
import { language, toast } from './store';

const MOST_OPEN = 1000;
const MOST_CLEARED = 50;
/** A restart of the server tells of old alerts as well; only those are announced that were raised lately [ms]. */
const NEWS_MS = 120_000;

const RANK = { critical: 0, warning: 1, info: 2 };

export const alerts = signal<ReadonlyMap<number, Alert>>(new Map());
export const alertsError = signal<string | null>(null);
/** The newest alert, to be said aloud. */
export const announced = signal<Alert | null>(null);

const sorted = (list: Alert[]) =>
  list.sort((a, b) => RANK[a.severity] - RANK[b.severity] || b.raised_at - a.raised_at);

/** The gravest first, of these the newest. */
export const openAlerts = computed(() => sorted([...alerts.value.values()].filter(isOpen)));
export const clearedAlerts = computed(() =>
  [...alerts.value.values()]
    .filter((alert) => !isOpen(alert))
    .sort((a, b) => (b.cleared_at ?? 0) - (a.cleared_at ?? 0))
    .slice(0, MOST_CLEARED),
);

export async function readAlerts(): Promise<void> {
  try {
    const [open, cleared] = await Promise.all([
      getAlerts('open', MOST_OPEN),
      getAlerts('cleared', MOST_CLEARED),
    ]);
    alerts.value = new Map([...open, ...cleared].map((alert) => [alert.id, alert]));
    alertsError.value = null;
  } catch (error) {
    alertsError.value = error instanceof ApiError ? error.detail : String(error);
  }
}

export function alertChanged(alert: Alert): void {
  const isNew = !alerts.peek().has(alert.id);
  alerts.value = new Map(alerts.peek()).set(alert.id, alert);
  if (!isNew || !isOpen(alert) || Date.now() - alert.raised_at > NEWS_MS) return;
  announced.value = alert;
  toast.value = { key: 'alerts.new', values: { title: alert.title[language.peek()] } };
}

export type Refusal = 'token' | 'unknown' | 'forbidden' | { detail: string };

/** Acknowledges an alert; the answer is null, or why it was refused. */
export async function acknowledgeAlert(id: number): Promise<Refusal | null> {
  if (readToken() === null) return 'token';
  try {
    alertChanged(await acknowledge(id));
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) return { detail: String(error) };
    if (error.status === 401 || error.status === 403) keepToken(null);
    if (error.status === 401) return 'unknown';
    if (error.status === 403) return 'forbidden';
    return { detail: error.detail };
  }
}
