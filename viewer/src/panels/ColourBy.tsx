/** Chooses the attribute that colours a layer, its ramp and its range. */
import type { LayerAttribute, LayerInfo } from '../client/types';
import { useEffect } from 'preact/hooks';
import { capital } from '../energy/text';
import { t, term, withUnit } from '../i18n';
import { propertyTerm } from '../i18n/readings';
import { naturalRange } from '../layers/classify';
import { type Ramp, RAMPS } from '../layers/ramps';
import {
  layerProperties,
  layerReadings,
  learnProperties,
  readingAttribute,
  readingOf,
} from '../state/colouring';
import { energyAttribute, energyOf, energyRun } from '../state/energy';
import { BUILDINGS, buildingValues, runAttribute, runValueOf } from '../state/flood';
import { hasSensors } from '../state/sensors';
import { type Classification, language, type LayerView, updateLayer } from '../state/store';
import { Legend } from './Legend';

/** Whether the tiles say enough of an attribute to colour by it: a range, or the values that occur. */
const isColourable = (attribute: LayerAttribute) =>
  attribute.type === 'boolean' ||
  (attribute.type === 'number'
    ? attribute.min != null && attribute.max != null
    : (attribute.values?.length ?? 0) > 0);

interface Scale {
  unit: string | null | undefined;
  range: [number, number];
}

/** What a layer is coloured by on a ramp: an attribute with numbers, or readings. */
function scaleOf(layer: LayerInfo, by: Classification, attribute: LayerAttribute | undefined): Scale | null {
  const ofRun = runValueOf(by.attribute);
  if (ofRun !== null) return buildingValues.value.get(ofRun) ?? null;
  if (readingOf(by.attribute) !== null) {
    const readings = layerReadings.value[layer.id];
    return readings && 'byId' in readings ? { unit: readings.values.unit, range: readings.range } : null;
  }
  return attribute?.type === 'number' ? { unit: attribute.unit, range: naturalRange(attribute) } : null;
}

function RangeFields({
  by,
  scale,
  change,
}: {
  by: Classification;
  scale: Scale;
  change: (next: Partial<Classification>) => void;
}) {
  const [from, to] = by.range ?? scale.range;
  const set = (next: [number, number]) => {
    if (next.every(Number.isFinite) && next[1] > next[0]) change({ range: next });
  };
  return (
    <div class="range-fields">
      <label>
        <span>{withUnit(t('legend.from'), scale.unit && `(${scale.unit})`)}</span>
        <input
          type="number"
          step="any"
          value={from}
          onChange={(event) => set([event.currentTarget.valueAsNumber, to])}
        />
      </label>
      <label>
        <span>{withUnit(t('legend.to'), scale.unit && `(${scale.unit})`)}</span>
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
  useEffect(() => {
    if (hasSensors.value) void learnProperties();
  }, []);
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
  const chosen = readingOf(by?.attribute);
  const known = layerProperties.value.get(layer.id) ?? [];
  const readings = chosen !== null && !known.includes(chosen) ? [...known, chosen] : known;
  const ofRun = runValueOf(by?.attribute);
  const runs = layer.id === BUILDINGS ? [...buildingValues.value.keys()] : [];
  const energies = layer.id === BUILDINGS ? (energyRun.value?.properties ?? []) : [];
  const ofEnergy = energyOf(by?.attribute) !== null;
  if (offered.length === 0 && readings.length === 0 && runs.length === 0 && energies.length === 0)
    return null;
  const scale = by ? scaleOf(layer, by, attribute) : null;
  const found = layerReadings.value[layer.id];
  return (
    <div class="colour-by">
      <label class="field">
        <span>{t('layers.colour')}</span>
        <select value={by?.attribute ?? ''} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">{t('layers.colour.none')}</option>
          {(runs.length > 0 || ofRun !== null) && (
            <optgroup label={t('layers.colour.runs')}>
              {(runs.length > 0 ? runs : [ofRun!]).map((name) => (
                <option key={name} value={runAttribute(name)}>
                  {t(name === 'depth' ? 'flood.value.depth' : 'flood.value.damage')}
                </option>
              ))}
            </optgroup>
          )}
          {energies.length > 0 && (
            <optgroup label={t('energy.group')}>
              {energies.map(({ id, title }) => (
                <option key={id} value={energyAttribute(id)}>
                  {capital(title[language.value])}
                </option>
              ))}
            </optgroup>
          )}
          {readings.length > 0 && (
            <optgroup label={t('layers.colour.readings')}>
              {readings.map((name) => (
                <option key={name} value={readingAttribute(name)}>
                  {propertyTerm(name)}
                </option>
              ))}
            </optgroup>
          )}
          <optgroup label={t('layers.colour.attributes')}>
            {offered.map((item) => (
              <option key={item.id} value={item.id}>
                {term('attr', item.name)}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      {chosen !== null && found && 'error' in found && (
        <p class="problem">{t('layers.colour.failed', { detail: found.error || t('offline.title') })}</p>
      )}
      {by && (attribute || chosen !== null || ofRun !== null || ofEnergy) && (
        <>
          <Legend layer={layer} view={view} />
          {scale && (
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
              <RangeFields by={by} scale={scale} change={change} />
            </>
          )}
        </>
      )}
    </div>
  );
}
