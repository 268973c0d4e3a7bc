/** The buildings whose sun a plan changes, the greatest loss first; each leads there. */
import { useSignal } from '@preact/signals';
import { flyToPlace } from '../cesium/camera';
import { stage } from '../cesium/open';
import { locate } from '../client/api';
import type { Affected } from '../client/sun';
import { number, t, withUnit } from '../i18n';
import { Icon } from './icons';

const FIRST = 12;
const RANGE = 200;
/** A loss that is told [h]. */
const LEAST = 0.05;

const hours = (value: number) => withUnit(number(value, 1), 'h');

function goTo(id: string): void {
  void locate(id)
    .then((position) => position && stage.value && flyToPlace(stage.value, ...position, RANGE))
    .catch(() => undefined);
}

function Item({ one }: { one: Affected }) {
  const gains = one.gain > one.loss;
  return (
    <li>
      <button class={`sensor-line dwelling ${one.falls ? 'falls' : ''}`} onClick={() => goTo(one.building)}>
        <Icon name={one.falls ? 'warning' : gains ? 'above' : 'below'} size={17} />
        <span>
          {one.building}
          <small>{t('plan.hours', { before: hours(one.hours_before), after: hours(one.hours_after) })}</small>
          <small>
            {gains ? t('plan.gain', { hours: hours(one.gain) }) : t('plan.loss', { hours: hours(one.loss) })}
            {one.falls && <b> · {t('plan.falls')}</b>}
          </small>
        </span>
      </button>
    </li>
  );
}

export function Neighbours({ affected }: { affected: Affected[] }) {
  const all = useSignal(false);
  const told = affected
    .filter(({ loss, gain, building }) => building !== '' && Math.max(loss, gain) >= LEAST)
    .sort((a, b) => Number(b.falls ?? false) - Number(a.falls ?? false) || b.loss - a.loss);
  if (told.length === 0) return <p class="quiet">{t('plan.nobody')}</p>;
  return (
    <section>
      <h3>{t('plan.affected', { count: told.length })}</h3>
      <ul class="object-sensors plan-affected">
        {told.slice(0, all.value ? undefined : FIRST).map((one) => (
          <Item key={one.building} one={one} />
        ))}
      </ul>
      {told.length > FIRST && (
        <button class="plain" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? t('warnings.fewer') : t('warnings.more', { count: told.length - FIRST })}
        </button>
      )}
    </section>
  );
}
