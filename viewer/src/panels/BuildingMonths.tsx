/** What a building needs month by month by use, beside what its modules make. */
import { useMemo } from 'preact/hooks';
import { type Months, NEEDS } from '../client/energy';
import type { Line } from '../energy/hours';
import { t } from '../i18n';
import { language } from '../state/store';
import { MonthBars } from './MonthBars';

const COLOURS = { heating: 1, cooling: 0, hot_water: 3, lighting: 6, appliances: 7, fans: 4, pv: 2 } as const;

export function BuildingMonths({ months }: { months: Months }) {
  const needs = useMemo(
    (): Line[] =>
      NEEDS.filter((need) => months[need].some((value) => value > 0)).map((need) => ({
        id: need,
        title: t(`energy.need.${need}`),
        unit: 'kWh',
        colour: COLOURS[need],
        values: months[need],
      })),
    [months, language.value],
  );
  const pv = months.pv && {
    id: 'pv',
    title: t('energy.pv'),
    unit: 'kWh',
    colour: COLOURS.pv,
    values: months.pv,
  };
  return <MonthBars title={t('energy.months')} stacked={needs} beside={pv} />;
}
