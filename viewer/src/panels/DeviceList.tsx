/** Devices that are late or silent, the longest silent first; the others by number. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../client/api';
import { getDevices } from '../client/readings';
import type { Device } from '../client/sensorTypes';
import { number, t } from '../i18n';
import { ago, duration, stateTerm } from '../i18n/readings';
import { crowd, pickSensor } from '../state/sensors';
import { StateSign } from './SensorSign';

const EVERY_MS = 20_000;
/** Below this share a battery is said to be low [%]. */
const LOW_BATTERY = 20;

/**
 * Reads something now and again while the list is shown, and anew when what it depends on changes.
 * every: the time between two readings [ms].
 */
export function useListed<T>(
  read: (abort: AbortSignal) => Promise<T[]>,
  { every = EVERY_MS, on = [] }: { every?: number; on?: unknown[] } = {},
) {
  const items = useSignal<T[] | null>(null);
  const failure = useSignal<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    items.value = null;
    failure.value = null;
    const ask = () => {
      read(abort.signal)
        .then((found) => {
          items.value = found;
          failure.value = null;
        })
        .catch((error: unknown) => {
          if (abort.signal.aborted) return;
          failure.value = error instanceof ApiError ? error.detail : String(error);
        });
    };
    ask();
    const timer = setInterval(() => !document.hidden && ask(), every);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, on);
  return { items, failure };
}

export function ListState({ failure, empty }: { failure: string | null; empty: string | null }) {
  if (failure !== null) {
    return (
      <p class="problem" role="alert">
        {t('side.error', { detail: failure || t('offline.title') })}
      </p>
    );
  }
  return empty === null ? null : <p class="quiet calm">{empty}</p>;
}

function Item({ device }: { device: Device }) {
  const low = device.battery !== null && device.battery < LOW_BATTERY;
  return (
    <li>
      <button
        class="sensor-line"
        onClick={() => {
          crowd.value = [];
          pickSensor(device.thing);
        }}
      >
        <StateSign state={device.state} />
        <span>
          {device.name}
          <small>
            {stateTerm(device.state)}
            {' · '}
            {device.last_seen === null
              ? t('sensors.never')
              : t('sensors.seen', { ago: ago(device.last_seen, Date.now()) })}
          </small>
          {device.expected_interval_s !== null && (
            <small>{t('devices.expected', { interval: duration(device.expected_interval_s) })}</small>
          )}
          {low && <small class="problem">{t('devices.battery', { level: device.battery! })}</small>}
        </span>
      </button>
    </li>
  );
}

export function DeviceList() {
  const { items, failure } = useListed(getDevices);
  const all = items.value ?? [];
  const troubled = all
    .filter((device) => device.state !== 'ok' || (device.battery !== null && device.battery < LOW_BATTERY))
    .sort((a, b) => (a.last_seen ?? 0) - (b.last_seen ?? 0));
  const empty =
    items.value === null
      ? t('inspector.loading')
      : troubled.length === 0
        ? t('devices.none', { count: all.length })
        : null;
  return (
    <>
      <ListState failure={failure.value} empty={empty} />
      {troubled.length > 0 && (
        <p class="quiet">{t('devices.of', { troubled: number(troubled.length), all: number(all.length) })}</p>
      )}
      <ul class="object-sensors">
        {troubled.map((device) => (
          <Item key={device.thing} device={device} />
        ))}
      </ul>
    </>
  );
}
