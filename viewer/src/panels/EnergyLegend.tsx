/** The legend of buildings coloured by energy: a ramp with its values or classes with their counts, and what is unsure. */
import type { EnergyProperty } from '../client/energy';
import { classesOf, paler, rangeOf } from '../energy/colours';
import { capital, energyUnit, valueText } from '../energy/text';
import { number, t, withUnit } from '../i18n';
import { NO_DATA } from '../layers/ramps';
import { energyRun, type EnergyPaint, paintOf } from '../state/energy';
import { language } from '../state/store';
import { Swatches } from './Swatches';

/** What is drawn paler, and what has no value. */
function unsure(property: EnergyProperty, paint: EnergyPaint | null) {
  const items = [];
  const guessed = energyRun.value?.guessed.size ?? 0;
  const colours = property.kind === 'class' ? classesOf(property).map(({ color }) => color) : property.colors;
  if (guessed > 0) {
    items.push({
      colour: paler(colours[Math.floor(colours.length / 2)] ?? NO_DATA),
      label: t('energy.legend.guessed', { count: guessed }),
    });
  }
  const missing = (energyRun.value?.ids.size ?? 0) - (paint?.byId.size ?? 0);
  items.push({
    colour: NO_DATA,
    label: missing > 0 ? t('energy.legend.nodata', { count: missing }) : t('legend.nodata'),
  });
  return items;
}

export function EnergyLegend({ property }: { property: EnergyProperty }) {
  const paint = paintOf(property.id);
  const unit = energyUnit(property.unit);
  const count = (value: number) => [...(paint?.byId.values() ?? [])].filter((one) => one === value).length;
  return (
    <figure class="legend energy-legend">
      <figcaption>{withUnit(capital(property.title[language.value]), unit && `[${unit}]`)}</figcaption>
      {property.kind === 'class' ? (
        <Swatches
          items={classesOf(property).map(({ value, title, color }) => ({
            colour: color,
            label: t('energy.legend.class', {
              title: capital(title[language.value]),
              amount: number(count(value)),
            }),
          }))}
        />
      ) : (
        <>
          <div
            class="ramp"
            style={{ background: `linear-gradient(to right, ${property.colors.join(', ')})` }}
          />
          <div class="ramp-ends">
            {[0, 0.5, 1].map((share) => {
              const [from, to] = rangeOf(property);
              return <span key={share}>{valueText(property, from + share * (to - from))}</span>;
            })}
          </div>
        </>
      )}
      <Swatches items={unsure(property, paint)} />
    </figure>
  );
}
