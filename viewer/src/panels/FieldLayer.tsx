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
import { ChoiceField, LayerFrame, OpacityField } from './LayerFrame';

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
    <LayerFrame
      title={title}
      visible={view.visible}
      toggle={() => {
        change({ visible: !view.visible, property: chosen });
        if (!view.visible) expanded.value = true;
      }}
      state={view.visible && fieldLoading.value ? t('layers.loading') : ''}
      expanded={expanded}
      below={
        view.visible &&
        fieldError.value !== null && (
          <p class="layer-trouble problem">
            {t('field.error', { detail: fieldError.value || t('offline.title') })}
          </p>
        )
      }
    >
      <ChoiceField
        label={t('field.property')}
        value={chosen}
        choices={offered.map(({ name }) => ({ value: name, label: propertyTerm(name) }))}
        change={(property) => change({ property })}
      />
      <ChoiceField
        label={t('field.method')}
        value={view.method}
        choices={[
          { value: 'kriging', label: t('field.method.kriging') },
          { value: 'idw', label: t('field.method.idw') },
        ]}
        change={(method) => change({ method })}
      />
      <ChoiceField
        label={t('field.part')}
        value={view.part}
        choices={[
          { value: 'value', label: t('field.part.value') },
          { value: 'uncertainty', label: t('field.part.uncertainty') },
        ]}
        change={(part) => change({ part })}
      />
      <OpacityField title={title} opacity={view.opacity} change={(opacity) => change({ opacity })} />
      {view.visible && field.value && <FieldLegend shown={field.value} part={view.part} />}
    </LayerFrame>
  );
}
