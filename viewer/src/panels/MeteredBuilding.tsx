/** What the meters of a building say beside what was simulated, and how well the two agree, in plain words. */
import type { Metered } from '../client/energy';
import { percent, word } from '../energy/text';
import { t } from '../i18n';
import { MonthBars } from './MonthBars';

/** By ASHRAE guideline 14: how far months stray, and whether the whole year is too high or too low. */
function Agreement({ found }: { found: Metered }) {
  const { cv_rmse: spread, nmbe: bias, meets } = found;
  if (spread === null || bias === null) return <p class="energy-note">{t('energy.metered.few')}</p>;
  return (
    <p class="energy-note">
      <b class={meets ? 'energy-agrees' : 'energy-strays'}>
        {t(meets ? 'energy.metered.agrees' : 'energy.metered.strays')}
      </b>{' '}
      {t(bias > 0 ? 'energy.metered.low' : 'energy.metered.high', { share: percent(Math.abs(bias), 1) })}{' '}
      {t('energy.metered.figures', { spread: percent(spread, 1), bias: percent(bias, 1) })}
    </p>
  );
}

export function MeteredBuilding({ measured }: { measured: Record<string, Metered> }) {
  return (
    <>
      {Object.entries(measured).map(([name, found]) => {
        const line = (id: 'simulated' | 'measured', colour: number, values: (number | null)[]) => ({
          id,
          title: t(`energy.metered.${id}`),
          unit: 'kWh',
          colour,
          values: values.map((value) => value ?? Number.NaN),
        });
        const title = t('energy.metered', { name: word('carrier', name) });
        return (
          <div key={name} class="energy-metered">
            <h4>{title}</h4>
            <Agreement found={found} />
            <MonthBars
              title={title}
              stacked={[line('simulated', 0, found.simulated)]}
              beside={line('measured', 1, found.monthly)}
            />
          </div>
        );
      })}
    </>
  );
}
