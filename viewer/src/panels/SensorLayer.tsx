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
import { Icon } from './icons';
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

function SensorRow() {
  const expanded = useSignal(true);
  const view = sensorView.value;
  const title = t('sensors.title');
  const change = (next: Partial<typeof view>) => (sensorView.value = { ...view, ...next });
  const many = sensors.value.size;
  return (
    <div class={`layer ${view.visible ? '' : 'layer-off'}`}>
      <div class="layer-row">
        <span class="grip" />
        <button
          class="round small"
          role="switch"
          aria-checked={view.visible}
          aria-label={t('layers.show', { layer: title })}
          onClick={() => change({ visible: !view.visible })}
        >
          <Icon name={view.visible ? 'eye' : 'eyeOff'} size={17} />
        </button>
        <button
          class="layer-name"
          aria-expanded={expanded.value}
          aria-label={t('layers.details', { layer: title })}
          onClick={() => (expanded.value = !expanded.value)}
        >
          <span>{title}</span>
          <span class="layer-count" title={t('sensors.count', { count: many })}>
            {sensorsLoading.value && many === 0 ? t('layers.loading') : number(many)}
          </span>
          <Icon name="chevron" size={14} />
        </button>
      </div>
      {sensorError.value !== null && (
        <div class="layer-trouble problem">
          <p>{t('sensors.error', { detail: sensorError.value || t('offline.title') })}</p>
          <button class="plain" onClick={reloadSensors}>
            {t('common.retry')}
          </button>
        </div>
      )}
      {streaming.value === false && sensorError.value === null && (
        <p class="layer-trouble quiet">{t('sensors.polling')}</p>
      )}
      {expanded.value && many > 0 && (
        <div class="layer-details">
          <SensorLegend />
          <label class="check">
            <input
              type="checkbox"
              checked={view.labels}
              onChange={(event) => change({ labels: event.currentTarget.checked })}
            />
            <span>{t('sensors.labels')}</span>
          </label>
        </div>
      )}
    </div>
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
