/** A layer's legend: title, unit, range or categories, and the colour of missing values. */
import type { LayerInfo } from '../client/types';
import { t, term, withUnit } from '../i18n';
import { attributeNumber } from '../i18n/values';
import { number } from '../i18n';
import { ago, propertyTerm } from '../i18n/readings';
import { classifier, numberClassifier } from '../layers/classify';
import { NO_DATA, type Ramp, rampGradient } from '../layers/ramps';
import { readingOf, readingsOf } from '../state/colouring';
import { energyOf, energyRun } from '../state/energy';
import { buildingValues, runValueOf } from '../state/flood';
import type { LayerView } from '../state/store';
import { EnergyLegend } from './EnergyLegend';
import { Swatches } from './Swatches';

const noData = () => ({ colour: NO_DATA, label: t('legend.nodata') });

function RampBar({ ramp, labels }: { ramp: Ramp; labels: string[] }) {
  return (
    <>
      <div class="ramp" style={{ background: rampGradient(ramp) }} />
      <div class="ramp-ends">
        {labels.map((label, index) => (
          <span key={index}>{label}</span>
        ))}
      </div>
    </>
  );
}

/** The legend of a layer that readings colour: what, in which unit, and how old the oldest of them is. */
function ReadingsLegend({ layer, view, property }: { layer: LayerInfo; view: LayerView; property: string }) {
  const readings = readingsOf(layer.id);
  if (!readings || readings.values.property !== property) return <p class="quiet">{t('layers.loading')}</p>;
  const { values, byId } = readings;
  const { range } = numberClassifier(view.classification!, readings.range);
  const oldest = Math.max(0, ...values.ages);
  return (
    <figure class="legend">
      <figcaption>{withUnit(propertyTerm(property), values.unit && `[${values.unit}]`)}</figcaption>
      {range && (
        <RampBar
          ramp={view.classification!.ramp}
          labels={[range[0], (range[0] + range[1]) / 2, range[1]].map((value) => number(value))}
        />
      )}
      <Swatches items={[noData()]} />
      <p class="quiet">
        {byId.size === 0
          ? t('layers.colour.nothing')
          : t('layers.colour.age', {
              count: byId.size,
              ago: ago(values.time - oldest * 1000, values.time),
            })}
      </p>
    </figure>
  );
}

/** The legend of buildings that a flood colours. */
function RunLegend({ view }: { view: LayerView }) {
  const name = runValueOf(view.classification?.attribute);
  const values = name && buildingValues.value.get(name);
  if (!values) return <p class="quiet">{t('flood.value.missing')}</p>;
  const { range } = numberClassifier(view.classification!, values.range);
  const title = t(name === 'depth' ? 'flood.value.depth' : 'flood.value.damage');
  return (
    <figure class="legend">
      <figcaption>{withUnit(title, values.unit && `[${values.unit}]`)}</figcaption>
      {range && (
        <RampBar
          ramp={view.classification!.ramp}
          labels={[range[0], (range[0] + range[1]) / 2, range[1]].map((value) => number(value))}
        />
      )}
      <Swatches items={[noData()]} />
    </figure>
  );
}

export function Legend({ layer, view }: { layer: LayerInfo; view: LayerView }) {
  const by = view.classification;
  const attribute = by ? layer.attributes.find((item) => item.id === by.attribute) : undefined;
  const property = readingOf(by?.attribute);
  const energy = energyOf(by?.attribute);
  if (energy !== null) {
    const found = energyRun.value?.properties.find(({ id }) => id === energy);
    return found ? <EnergyLegend property={found} /> : <p class="quiet">{t('flood.value.missing')}</p>;
  }
  if (runValueOf(by?.attribute) !== null) return <RunLegend view={view} />;
  if (property !== null) return <ReadingsLegend layer={layer} view={view} property={property} />;
  if (!by || !attribute) return null;
  const { range, entries } = classifier(by, attribute);
  const title = withUnit(term('attr', attribute.name), attribute.unit && `[${attribute.unit}]`);
  return (
    <figure class="legend">
      <figcaption>{title}</figcaption>
      {range && (
        <RampBar
          ramp={by.ramp}
          labels={[range[0], (range[0] + range[1]) / 2, range[1]].map((value) =>
            attributeNumber(attribute.name, value),
          )}
        />
      )}
      <Swatches
        items={[
          ...entries.map(({ colour, label }) => ({ colour, label: label ?? t('legend.other') })),
          noData(),
        ]}
      />
    </figure>
  );
}
