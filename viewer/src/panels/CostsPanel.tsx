/** The panel "What would retrofits cost?": measures as a curve of cost against saving, and blocks in their order. */
import { useEffect } from 'preact/hooks';
import { number, t } from '../i18n';
import { curve, followCosts, inCurve, MOST_IN_CURVE, ranked, ranking, tooMany } from '../state/costs';
import { energyRun } from '../state/energy';
import { chooseMeasures, measures, measuresError } from '../state/retrofit';
import { language } from '../state/store';
import { BlockRanking } from './BlockRanking';
import { CostCurve } from './CostCurve';
import { Icon } from './icons';
import { PackageChips, RetrofitProblem, WhoseField } from './RetrofitChoice';
import { openSide, SideFrame, sideShown } from './SideFrame';

const titleOf = (id: string) => measures.value.find((one) => one.id === id)?.title[language.value] ?? id;

function Curve({ currency }: { currency: string }) {
  const found = curve.answer.value;
  if (tooMany.value) {
    return (
      <p class="energy-note">
        {t('energy.costs.many', { most: number(MOST_IN_CURVE), amount: number(inCurve.value ?? 0) })}
      </p>
    );
  }
  if (curve.error.value !== null) return <RetrofitProblem error={curve.error.value} />;
  if (!found)
    return (
      <p class="quiet" role="status">
        {t('energy.costs.busy')}
      </p>
    );
  if (found.steps.length === 0) return <p class="energy-note">{t('energy.costs.nothing')}</p>;
  const unknown = found.steps.some((step) => step.investment === null);
  return (
    <div class={`energy-outcome ${curve.busy.value ? 'busy' : ''}`} aria-busy={curve.busy.value}>
      <CostCurve found={found} currency={currency} chosen={ranked.value} />
      <p class="energy-note">
        {t('energy.costs.after')} {unknown && t('energy.costs.unknown.why')}
      </p>
    </div>
  );
}

function Blocks({ run, currency }: { run: string; currency: string }) {
  const found = ranking.answer.value;
  const names = ranked.value.map(titleOf).join(', ');
  return (
    <section class={`energy-outcome ${ranking.busy.value ? 'busy' : ''}`} aria-busy={ranking.busy.value}>
      <h3>{t('energy.costs.blocks')}</h3>
      <PackageChips />
      {names && <p class="energy-note">{t('energy.costs.with', { measures: names })}</p>}
      <RetrofitProblem error={ranking.error.value} />
      {found && <BlockRanking found={found} run={run} currency={currency} />}
      {found && found.unknown_costs.length > 0 && (
        <p class="energy-note">
          {t('energy.investment.unknown', { measures: found.unknown_costs.map(titleOf).join(', ') })}
        </p>
      )}
    </section>
  );
}

function lookAtChange(): void {
  chooseMeasures(ranked.value);
  openSide('retrofit');
}

function Body() {
  useEffect(followCosts, []);
  const run = energyRun.value?.run;
  const currency = measures.value.find((one) => one.currency !== null)?.currency ?? '';
  return (
    <SideFrame name="costs" title={t('energy.costs')}>
      {run === undefined ? (
        <p class="quiet">{t('energy.none')}</p>
      ) : (
        <>
          <WhoseField whole />
          <RetrofitProblem error={measuresError.value} />
          <Curve currency={currency} />
          <Blocks run={run} currency={currency} />
          {ranked.value.length > 0 && (
            <button class="plain energy-open" onClick={lookAtChange}>
              <Icon name="plan" size={16} /> {t('energy.costs.change')}
            </button>
          )}
        </>
      )}
    </SideFrame>
  );
}

export function CostsPanel() {
  return sideShown('costs') ? <Body /> : null;
}
