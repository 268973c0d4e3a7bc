/** The legend of a quantity on surfaces: title, unit, ramp with its values, and the colour of no data. */
import type { Quantity } from '../client/sun';
import { number, t, withUnit } from '../i18n';
import { NO_DATA, rampGradient } from '../layers/ramps';
import { language } from '../state/store';
import { isChange, rampOf, ticksOf } from '../sunstudy/quantities';
import { Swatches } from './Swatches';

/** A unit as people write it; a pure number has none. */
export const unitOf = (unit: string) => (unit === '1' ? '' : unit.replace('kW.h', 'kWh'));

export function SunLegend({ quantity }: { quantity: Quantity }) {
  const unit = unitOf(quantity.unit);
  const sign = (value: number) => (isChange(quantity) && value > 0 ? '+' : '');
  return (
    <figure class="legend">
      <figcaption>{withUnit(quantity.title[language.value], unit && `[${unit}]`)}</figcaption>
      <div class="ramp" style={{ background: rampGradient(rampOf(quantity)) }} />
      <div class="ramp-ends">
        {ticksOf(quantity).map((value) => (
          <span key={value}>{`${sign(value)}${number(value)}`}</span>
        ))}
      </div>
      {!isChange(quantity) && <Swatches items={[{ colour: NO_DATA, label: t('legend.nodata') }]} />}
    </figure>
  );
}
