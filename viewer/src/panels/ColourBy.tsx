/** Chooses the attribute that colours a layer, its ramp and its range. */
import type { LayerAttribute, LayerInfo } from '../client/types';
import { t, term, withUnit } from '../i18n';
import { naturalRange } from '../layers/classify';
import { type Ramp, RAMPS } from '../layers/ramps';
import { type Classification, type LayerView, updateLayer } from '../state/store';
import { Legend } from './Legend';

/** Whether the tiles say enough of an attribute to colour by it: a range, or the values that occur. */
const isColourable = (attribute: LayerAttribute) =>
  attribute.type === 'boolean' ||
  (attribute.type === 'number'
    ? attribute.min != null && attribute.max != null
    : (attribute.values?.length ?? 0) > 0);

function RangeFields({
  by,
  attribute,
  change,
}: {
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
        <input
          type="number"
          step="any"
          value={from}
          onChange={(event) => set([event.currentTarget.valueAsNumber, to])}
        />
      </label>
      <label>
        <span>{withUnit(t('legend.to'), attribute.unit && `(${attribute.unit})`)}</span>
        <input
          type="number"
          step="any"
          value={to}
          onChange={(event) => set([from, event.currentTarget.valueAsNumber])}
        />
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
  const offered = layer.attributes.filter(isColourable);
  const by = view.classification;
  const attribute = by ? offered.find((item) => item.id === by.attribute) : undefined;
  const change = (next: Partial<Classification>) => {
    if (by) updateLayer(layer.id, { classification: { ...by, ...next } });
  };
  const choose = (id: string) =>
    updateLayer(layer.id, {
      classification: id ? { attribute: id, ramp: by?.ramp ?? 'batlow', range: null } : null,
    });
  if (offered.length === 0) return null;
  return (
    <div class="colour-by">
      <label class="field">
        <span>{t('layers.colour')}</span>
        <select value={by?.attribute ?? ''} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">{t('layers.colour.none')}</option>
          {offered.map((item) => (
            <option key={item.id} value={item.id}>
              {term('attr', item.name)}
            </option>
          ))}
        </select>
      </label>
      {by && attribute && (
        <>
          <Legend layer={layer} view={view} />
          {attribute.type === 'number' && (
            <>
              <label class="field">
                <span>{t('legend.ramp')}</span>
                <select
                  value={by.ramp}
                  onChange={(event) => change({ ramp: event.currentTarget.value as Ramp })}
                >
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
