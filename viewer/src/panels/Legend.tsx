/** A layer's legend: title, unit, range or categories, and the colour of missing values. */
import type { LayerInfo } from '../client/types';
import { t, term, withUnit } from '../i18n';
import { attributeNumber } from '../i18n/values';
import { classifier } from '../layers/classify';
import { NO_DATA, rampGradient } from '../layers/ramps';
import type { LayerView } from '../state/store';

function Swatch({ colour, label }: { colour: string; label: string }) {
  return (
    <li>
      <span class="swatch" style={{ background: colour }} />
      <span>{label}</span>
    </li>
  );
}

export function Legend({ layer, view }: { layer: LayerInfo; view: LayerView }) {
  const by = view.classification;
  const attribute = by ? layer.attributes.find((item) => item.id === by.attribute) : undefined;
  if (!by || !attribute) return null;
  const { range, entries } = classifier(by, attribute);
  const title = withUnit(term('attr', attribute.name), attribute.unit && `[${attribute.unit}]`);
  return (
    <figure class="legend">
      <figcaption>{title}</figcaption>
      {range && (
        <>
          <div class="ramp" style={{ background: rampGradient(by.ramp) }} />
          <div class="ramp-ends">
            <span>{attributeNumber(attribute.name, range[0])}</span>
            <span>{attributeNumber(attribute.name, (range[0] + range[1]) / 2)}</span>
            <span>{attributeNumber(attribute.name, range[1])}</span>
          </div>
        </>
      )}
      <ul class="swatches">
        {entries.map((entry) => (
          <Swatch key={entry.colour} colour={entry.colour} label={entry.label ?? t('legend.other')} />
        ))}
        <Swatch colour={NO_DATA} label={t('legend.nodata')} />
      </ul>
    </figure>
  );
}
