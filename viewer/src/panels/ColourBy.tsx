/** Chooses the attribute that colours a layer, its ramp and its range. */
import { useSignal } from '@preact/signals';
import { ApiError, getValues } from '../client/api';
import type { LayerAttribute, LayerInfo } from '../client/types';
import { t, term, withUnit } from '../i18n';
import { naturalRange } from '../layers/classify';
import { type Ramp, RAMPS } from '../layers/ramps';
import { type Classification, type LayerView, city, updateLayer } from '../state/store';
import { Legend } from './Legend';

const isComplete = (attribute: LayerAttribute) =>
  attribute.type === 'boolean' ||
  (attribute.type === 'number' ? attribute.min != null && attribute.max != null : (attribute.values?.length ?? 0) > 0);

/** Puts values that the server told later into the city's description. */
function learn(layerId: string, attribute: LayerAttribute): void {
  if (!city.value) return;
  const layersNow = city.value.layers.map((layer) =>
    layer.id === layerId
      ? { ...layer, attributes: layer.attributes.map((item) => (item.id === attribute.id ? attribute : item)) }
      : layer,
  );
  city.value = { ...city.value, layers: layersNow };
}

function RangeFields({ by, attribute, change }: {
  by: Classification;
  attribute: LayerAttribute;
  change: (next: Partial<Classification>) => void;
}) {
  const [from, to] = by.range ?? naturalRange(attribute);
  const set = (next: [number, number]) => {
    if (next.every(Number.isFinite) && next[1] > next[0]) change({ range: next });
  };
  return (
    <div class="range-fields">
      <label>
        <span>{withUnit(t('legend.from'), attribute.unit && `(${attribute.unit})`)}</span>
        <input type="number" step="any" value={from} onChange={(event) => set([event.currentTarget.valueAsNumber, to])} />
      </label>
      <label>
        <span>{withUnit(t('legend.to'), attribute.unit && `(${attribute.unit})`)}</span>
        <input type="number" step="any" value={to} onChange={(event) => set([from, event.currentTarget.valueAsNumber])} />
      </label>
      {by.range && (
        <button class="plain" onClick={() => change({ range: null })}>
          {t('legend.reset')}
        </button>
      )}
    </div>
  );
}

export function ColourBy({ layer, view }: { layer: LayerInfo; view: LayerView }) {
  const state = useSignal<'ready' | 'reading' | { detail: string }>('ready');
  const by = view.classification;
  const attribute = by ? layer.attributes.find((item) => item.id === by.attribute) : undefined;
  const change = (next: Partial<Classification>) => {
    if (by) updateLayer(layer.id, { classification: { ...by, ...next } });
  };
  const choose = async (id: string) => {
    const chosen = layer.attributes.find((item) => item.id === id);
    if (chosen && !isComplete(chosen)) {
      state.value = 'reading';
      try {
        learn(layer.id, { ...chosen, ...(await getValues(layer.id, chosen.id)), id: chosen.id });
      } catch (error) {
        state.value = { detail: error instanceof ApiError ? error.detail : String(error) };
        return;
      }
    }
    state.value = 'ready';
    updateLayer(layer.id, {
      classification: chosen ? { attribute: chosen.id, ramp: by?.ramp ?? 'batlow', range: null } : null,
    });
  };
  if (layer.attributes.length === 0) return null;
  return (
    <div class="colour-by">
      <label class="field">
        <span>{t('layers.colour')}</span>
        <select value={by?.attribute ?? ''} onChange={(event) => void choose(event.currentTarget.value)}>
          <option value="">{t('layers.colour.none')}</option>
          {layer.attributes.map((item) => (
            <option key={item.id} value={item.id}>
              {term('attr', item.name)}
            </option>
          ))}
        </select>
      </label>
      {state.value === 'reading' && <p class="quiet">{t('legend.loading')}</p>}
      {typeof state.value === 'object' && (
        <p class="problem" role="alert">
          {t('legend.error', { detail: state.value.detail })}
        </p>
      )}
      {by && attribute && (
        <>
          <Legend layer={layer} view={view} />
          {attribute.type === 'number' && (
            <>
              <label class="field">
                <span>{t('legend.ramp')}</span>
                <select value={by.ramp} onChange={(event) => change({ ramp: event.currentTarget.value as Ramp })}>
                  {RAMPS.map((ramp) => (
                    <option key={ramp} value={ramp}>
                      {ramp}
                    </option>
                  ))}
                </select>
              </label>
              <RangeFields by={by} attribute={attribute} change={change} />
            </>
          )}
        </>
      )}
    </div>
  );
}
