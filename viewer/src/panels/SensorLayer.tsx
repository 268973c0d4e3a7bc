/** The live layers of the list: sensors with their legend, and the field between stations. */
import { useSignal } from '@preact/signals';
import { KINDS, type SensorKind, type SensorState, STATES } from '../client/sensorTypes';
import { type Key, number, t } from '../i18n';
import { stateTerm } from '../i18n/readings';
import {
  hasSensors,
  reloadSensors,
  sensorError,
  sensors,
  sensorsLoading,
  sensorView,
  streaming,
} from '../state/sensors';
import { FieldLayer } from './FieldLayer';
import { LayerFrame } from './LayerFrame';
import { KindSign, StateSign } from './SensorSign';

function toggleKind(kind: SensorKind): void {
  const hidden = new Set(sensorView.value.hidden);
  if (!hidden.delete(kind)) hidden.add(kind);
  sensorView.value = { ...sensorView.value, hidden };
}

function counts<T>(values: T[]): Map<T, number> {
  const found = new Map<T, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return found;
}

function SensorLegend() {
  const all = [...sensors.value.values()];
  const kinds = counts(all.map((sensor) => sensor.kind));
  const states = counts<SensorState>(all.map((sensor) => sensor.state));
  return (
    <div class="sensor-legend">
      <ul aria-label={t('sensors.kinds')}>
        {KINDS.filter((kind) => kinds.has(kind)).map((kind) => (
          <li key={kind}>
            <button
              class="kind-toggle"
              aria-pressed={!sensorView.value.hidden.has(kind)}
              onClick={() => toggleKind(kind)}
            >
              <KindSign kind={kind} size={20} />
              <span>{t(`sensors.kind.${kind}` as Key)}</span>
              <small>{number(kinds.get(kind)!)}</small>
            </button>
          </li>
        ))}
      </ul>
      <ul class="state-legend" aria-label={t('sensors.states')}>
        {STATES.filter((state) => state === 'ok' || states.has(state)).map((state) => (
          <li key={state}>
            <StateSign state={state} />
            <span>{stateTerm(state)}</span>
            <small>{number(states.get(state) ?? 0)}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Trouble() {
  if (sensorError.value !== null) {
    return (
      <div class="layer-trouble problem">
        <p>{t('sensors.error', { detail: sensorError.value || t('offline.title') })}</p>
        <button class="plain" onClick={reloadSensors}>
          {t('common.retry')}
        </button>
      </div>
    );
  }
  return streaming.value === false ? <p class="layer-trouble quiet">{t('sensors.polling')}</p> : null;
}

function SensorRow() {
  const expanded = useSignal(true);
  const view = sensorView.value;
  const title = t('sensors.title');
  const change = (next: Partial<typeof view>) => (sensorView.value = { ...view, ...next });
  const many = sensors.value.size;
  return (
    <LayerFrame
      title={title}
      visible={view.visible}
      toggle={() => change({ visible: !view.visible })}
      state={sensorsLoading.value && many === 0 ? t('layers.loading') : number(many)}
      stateTitle={t('sensors.count', { count: many })}
      expanded={expanded}
      below={<Trouble />}
    >
      {many > 0 && (
        <>
          <SensorLegend />
          <label class="check">
            <input
              type="checkbox"
              checked={view.labels}
              onChange={(event) => change({ labels: event.currentTarget.checked })}
            />
            <span>{t('sensors.labels')}</span>
          </label>
        </>
      )}
    </LayerFrame>
  );
}

export function LiveLayers() {
  if (!hasSensors.value) return null;
  return (
    <section>
      <h3>{t('layers.group.live')}</h3>
      <SensorRow />
      <FieldLayer />
    </section>
  );
}
