/** The field of a property between its stations: what is interpolated and how, how sure it is, and its legend. */
import { useSignal } from '@preact/signals';
import type { Field, SensorKind } from '../client/sensorTypes';
import { number, t, withUnit } from '../i18n';
import { propertyTerm } from '../i18n/readings';
import { properties } from '../sensors/model';
import {
  field,
  fieldError,
  fieldLoading,
  type FieldView,
  fieldView,
  LEAST_STATIONS,
} from '../state/colouring';
import { sensors } from '../state/sensors';
import { Icon } from './icons';

/** Kinds that measure what goes on between the stations as well. */
const AMBIENT = new Set<SensorKind>(['air', 'weather', 'rain', 'other']);
/** The stops of the server's second picture. */
const UNCERTAINTY = 'linear-gradient(to right, #440154, #31688e, #35b779, #fde725)';

function FieldLegend({ shown, part }: { shown: Field; part: FieldView['part'] }) {
  const value = part === 'value';
  const [from, to] = value ? [shown.minimum, shown.maximum] : [0, shown.uncertainty_maximum];
  const title = t(value ? 'field.legend' : 'field.legend.uncertainty', {
    property: propertyTerm(shown.property),
  });
  const ramp = value ? `linear-gradient(to right, ${shown.colors.join(', ')})` : UNCERTAINTY;
  return (
    <figure class="legend">
      <figcaption>{withUnit(title, shown.unit && `[${shown.unit}]`)}</figcaption>
      <div class="ramp" style={{ background: ramp }} />
      <div class="ramp-ends">
        <span>{number(from)}</span>
        <span>{number((from + to) / 2)}</span>
        <span>{number(to)}</span>
      </div>
      <p class="quiet">
        {t('field.stations', { count: shown.stations })}
        {value &&
          ` ${t('field.fading', { deviation: withUnit(number(shown.uncertainty_maximum), shown.unit) })}`}
      </p>
    </figure>
  );
}

export function FieldLayer() {
  const expanded = useSignal(false);
  const view = fieldView.value;
  const around = [...sensors.value.values()].filter((sensor) => AMBIENT.has(sensor.kind));
  const offered = properties(around).filter(({ count }) => count >= LEAST_STATIONS);
  if (offered.length === 0) return null;
  const title = t('field.title');
  const change = (next: Partial<FieldView>) => (fieldView.value = { ...view, ...next });
  const chosen = view.property || offered[0]!.name;
  return (
    <div class={`layer ${view.visible ? '' : 'layer-off'}`}>
      <div class="layer-row">
        <span class="grip" />
        <button
          class="round small"
          role="switch"
          aria-checked={view.visible}
          aria-label={t('layers.show', { layer: title })}
          onClick={() => {
            change({ visible: !view.visible, property: chosen });
            if (!view.visible) expanded.value = true;
          }}
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
          <span class="layer-count">{view.visible && fieldLoading.value ? t('layers.loading') : ''}</span>
          <Icon name="chevron" size={14} />
        </button>
      </div>
      {view.visible && fieldError.value !== null && (
        <p class="layer-trouble problem">
          {t('field.error', { detail: fieldError.value || t('offline.title') })}
        </p>
      )}
      {expanded.value && (
        <div class="layer-details">
          <label class="field">
            <span>{t('field.property')}</span>
            <select value={chosen} onChange={(event) => change({ property: event.currentTarget.value })}>
              {offered.map(({ name }) => (
                <option key={name} value={name}>
                  {propertyTerm(name)}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>{t('field.method')}</span>
            <select
              value={view.method}
              onChange={(event) => change({ method: event.currentTarget.value as FieldView['method'] })}
            >
              <option value="kriging">{t('field.method.kriging')}</option>
              <option value="idw">{t('field.method.idw')}</option>
            </select>
          </label>
          <label class="field">
            <span>{t('field.part')}</span>
            <select
              value={view.part}
              onChange={(event) => change({ part: event.currentTarget.value as FieldView['part'] })}
            >
              <option value="value">{t('field.part.value')}</option>
              <option value="uncertainty">{t('field.part.uncertainty')}</option>
            </select>
          </label>
          <label class="field">
            <span>{t('layers.opacity.short')}</span>
            <input
              type="range"
              min="10"
              max="100"
              step="5"
              aria-label={t('layers.opacity', { layer: title })}
              value={Math.round(view.opacity * 100)}
              onInput={(event) => change({ opacity: Number(event.currentTarget.value) / 100 })}
            />
          </label>
          {view.visible && field.value && <FieldLegend shown={field.value} part={view.part} />}
        </div>
      )}
    </div>
  );
}
