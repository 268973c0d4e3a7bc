/** The figures of a whole energy run. */
import type { EnergySummary } from '../client/energy';
import { energyText, massText } from '../energy/text';
import { number, squareMetres, t, withUnit } from '../i18n';
import { money } from '../runs/text';
import { type Fact, FactList } from './FactList';
import { GradeBadge } from './GradeBadge';

export function EnergyFigures({ summary }: { summary: EnergySummary }) {
  const { floor_area: area, pv, self_sufficiency: self } = summary;
  const sum = (value: number | null) => (value === null ? null : energyText(value) + byArea(value));
  const byArea = (value: number) => (area > 0 ? ` (${withUnit(number(value / area, 0), 'kWh/(m²·a)')})` : '');
  const rows: Fact[] = [
    [t('energy.buildings'), number(summary.buildings)],
    [t('energy.area'), squareMetres(area)],
    [t('energy.heating'), energyText(summary.need.heating)],
    [t('energy.cooling'), energyText(summary.need.cooling)],
    [t('energy.final'), sum(summary.final_total)],
    [t('energy.primary'), sum(summary.primary)],
    [t('energy.co2'), summary.co2 === null ? null : massText(summary.co2)],
    [t('energy.cost'), summary.cost === null ? null : money(summary.cost, summary.currency ?? '')],
    [t('energy.pv'), pv && `${energyText(pv.yield)} (${withUnit(number(pv.power, 0), 'kW')})`],
  ];
  return (
    <>
      <GradeBadge grade={self.grade} share={self.primary} scheme={summary.scheme} />
      <FactList as="figures" facts={rows} />
      {summary.weather.made_up && (
        <p class="energy-guess" role="note">
          {t('energy.weather.made', { source: summary.weather.source })}
        </p>
      )}
    </>
  );
}
