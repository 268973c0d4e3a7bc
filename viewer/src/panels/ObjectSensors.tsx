/** The sensors of the picked object, with their latest values. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { getObjectSensors } from '../client/readings';
import type { SensorInfo } from '../client/sensorTypes';
import { t } from '../i18n';
import { propertyTerm, readingText } from '../i18n/readings';
import { crowd, hasSensors, pickSensor, readingTime, sensors } from '../state/sensors';
import { selection } from '../state/store';
import { KindSign } from './SensorSign';

const MOST_SHOWN = 50;

export function ObjectSensors() {
  const found = useSignal<SensorInfo[]>([]);
  const before = useRef<string | null>(null);
  useSignalEffect(() => {
    const id = selection.value;
    const time = readingTime.value;
    if (id !== before.current) found.value = [];
    before.current = id;
    if (id === null || !hasSensors.value) return undefined;
    const abort = new AbortController();
    getObjectSensors(id, time, abort.signal)
      .then((list) => (found.value = list))
      .catch(() => undefined);
    return () => abort.abort();
  });
  if (found.value.length === 0) return null;
  return (
    <section>
      <h3>{t('sensors.title')}</h3>
      <ul class="object-sensors">
        {found.value.slice(0, MOST_SHOWN).map((stored) => {
          const sensor = sensors.value.get(stored.id) ?? stored;
          return (
            <li key={sensor.id}>
              <button
                class="sensor-line"
                onClick={() => {
                  crowd.value = [];
                  pickSensor(sensor.id);
                }}
              >
                <KindSign kind={sensor.kind} state={sensor.state} />
                <span>
                  {sensor.name}
                  {sensor.datastreams.map((stream) => (
                    <small key={stream.id}>
                      {propertyTerm(stream.property)}{' '}
                      <b>{readingText(stream.property, stream.value, stream.unit)}</b>
                    </small>
                  ))}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
