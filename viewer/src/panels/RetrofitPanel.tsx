/** The panel of a retrofit: measures as switches, what they change at once, and a run of them for the whole city. */
import { useEffect } from 'preact/hooks';
import type { Measure, RetrofitAnswer } from '../client/energy';
import { type Change, changesOf, paybackOf, slots, switched } from '../energy/retrofit';
import { capital, energyText, massText, percent } from '../energy/text';
import { number, t, withUnit } from '../i18n';
import { money } from '../runs/text';
import { colourByEnergy, energyRun, energyView } from '../state/energy';
import {
  chooseMeasures,
  followRetrofit,
  mapAfter,
  measures,
  measuresError,
  retrofit,
} from '../state/retrofit';
import { proposed } from '../state/runs';
import { highlighted, language } from '../state/store';
import { type Fact, FactList } from './FactList';
import { GradeMark } from './GradeBadge';
import { Icon } from './icons';
import { PackageChips, RetrofitProblem, WhoseField } from './RetrofitChoice';
import { openSide, SideFrame, sideShown } from './SideFrame';

const PROCESS = 'energy';

function costText({ cost, currency, unit, price_year: year }: Measure): string {
  const per = unit === 'm2_floor' ? t('energy.cost.floor') : withUnit('', unit).trim();
  return t('energy.cost.per', {
    cost: money(cost ?? 0, currency ?? ''),
    unit: per,
    year: String(year ?? ''),
  });
}

function Switches() {
  const chosen = energyView.value?.measures ?? [];
  return (
    <fieldset class="energy-measures">
      <legend>{t('energy.measures')}</legend>
      <PackageChips />
      {slots(measures.value).map((slot) => (
        <div key={slot[0]!.id} class={slot.length > 1 ? 'energy-slot' : undefined}>
          {slot.map((measure) => (
            <label key={measure.id} title={measure.cost_source ?? measure.source}>
              <input
                type="checkbox"
                checked={chosen.includes(measure.id)}
                onChange={() => chooseMeasures(switched(chosen, measure.id, measures.value))}
              />
              <span>
                {capital(measure.title[language.value])}
                {measure.cost !== null && <small>{costText(measure)}</small>}
              </span>
            </label>
          ))}
        </div>
      ))}
    </fieldset>
  );
}

function ChangeBars({ change, currency }: { change: Change; currency: string }) {
  const text = (value: number) =>
    change.id === 'cost' ? money(value, currency) : change.id === 'co2' ? massText(value) : energyText(value);
  return (
    <div class="energy-change">
      <span>{t(`energy.change.${change.id}`)}</span>
      <b>
        {change.change === null
          ? ''
          : `${change.change > 0 ? '+' : ''}${percent(change.change, Math.abs(change.change) < 0.1 ? 1 : 0)}`}
      </b>
      {(['before', 'after'] as const).map((side, index) => (
        <div key={side} class={`energy-side ${side}`}>
          <small>{t(`energy.${side}`)}</small>
          <i>
            <i style={{ width: `${change.bars[index]! * 100}%` }} />
          </i>
          <small>{text(change[side])}</small>
        </div>
      ))}
    </div>
  );
}

const years = (value: number) =>
  value === Infinity ? t('energy.payback.none') : t('energy.payback.years', { years: number(value, 1) });

function Money({ found }: { found: RetrofitAnswer }) {
  const { currency, unknown_costs: unknown } = found;
  const names = unknown.map((id) => measures.value.find((one) => one.id === id)?.title[language.value] ?? id);
  const payback = paybackOf(found);
  const rows: Fact[] = [
    [
      t('energy.investment'),
      found.investment === null || currency === null ? null : money(found.investment, currency),
    ],
    [t('energy.payback'), payback === null ? null : years(payback)],
    [
      t('energy.overheating'),
      `${number(found.before.overheating, 0)} → ${withUnit(number(found.after.overheating, 0), 'h')}`,
    ],
    [
      t('energy.peak.heating'),
      `${number(found.before.heating_peak, 1)} → ${withUnit(number(found.after.heating_peak, 1), 'kW')}`,
    ],
  ];
  return (
    <>
      <FactList as="figures" facts={rows} />
      {names.length > 0 && (
        <p class="energy-note">{t('energy.investment.unknown', { measures: names.join(', ') })}</p>
      )}
    </>
  );
}

/** The grade and the first figure that is known, mostly primary energy: in sight while measures are chosen. */
function Head({ found }: { found: RetrofitAnswer }) {
  const { before, after } = found;
  const [first] = changesOf(before, after);
  return (
    <div class={`energy-outcome energy-head ${retrofit.busy.value ? 'busy' : ''}`} aria-live="polite">
      <p class="energy-grades" data-before={before.grade ?? 0} data-after={after.grade ?? 0}>
        <GradeMark grade={before.grade} />
        <span aria-hidden="true">→</span>
        <GradeMark grade={after.grade} />
        <small>
          {before.self_sufficiency !== null &&
            after.self_sufficiency !== null &&
            t('energy.self.change', {
              before: percent(before.self_sufficiency),
              after: percent(after.self_sufficiency),
            })}
        </small>
      </p>
      {first && <ChangeBars change={first} currency={found.currency ?? ''} />}
    </div>
  );
}

function MapChoice() {
  return (
    <fieldset class="sun-dates">
      <legend>{t('energy.map')}</legend>
      <div class="choices">
        {(['before', 'after'] as const).map((side) => (
          <label key={side}>
            <input
              type="radio"
              name="energy-map"
              checked={mapAfter.value === (side === 'after')}
              onChange={() => {
                mapAfter.value = side === 'after';
                colourByEnergy('grade');
              }}
            />
            <span>{t(`energy.${side}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Outcome({ found }: { found: RetrofitAnswer }) {
  const better = found.each.filter((one) => (one.grade_after ?? 9) < (one.grade_before ?? 9)).length;
  return (
    <section class={`energy-outcome ${retrofit.busy.value ? 'busy' : ''}`}>
      <h3>{t('energy.outcome')}</h3>
      {found.buildings > 1 && (
        <p class="energy-note">
          {t('energy.better', { amount: number(better), all: number(found.buildings) })}
        </p>
      )}
      {changesOf(found.before, found.after)
        .slice(1)
        .map((change) => (
          <ChangeBars key={change.id} change={change} currency={found.currency ?? ''} />
        ))}
      <Money found={found} />
    </section>
  );
}

/** Opens the form of a run with the chosen measures in it. */
function propose(): void {
  proposed.value = {
    process: PROCESS,
    values: { measures: (energyView.value?.measures ?? []).join(', ') },
  };
  openSide('simulate');
}

function Body() {
  useEffect(followRetrofit, []);
  const of = energyView.value?.of ?? null;
  const building = of?.kind === 'building' ? of.id : null;
  useEffect(() => {
    highlighted.value = new Set(building === null || mapAfter.value ? [] : [building]);
    return () => (highlighted.value = new Set());
  }, [building, mapAfter.value]);
  const run = energyRun.value?.run;
  const found = retrofit.answer.value;
  const error = retrofit.error.value ?? measuresError.value;
  const any = (energyView.value?.measures.length ?? 0) > 0;
  return (
    <SideFrame name="retrofit" title={t('energy.retrofit')}>
      {run === undefined ? (
        <p class="quiet">{t('energy.none')}</p>
      ) : (
        <>
          <WhoseField />
          <RetrofitProblem error={error} />
          {found ? (
            <Head found={found} />
          ) : (
            error === null && (
              <p class="quiet" role="status">
                {t(any ? 'energy.retrofit.busy' : 'energy.retrofit.start')}
              </p>
            )
          )}
          {found && <MapChoice />}
          <Switches />
          {found && <Outcome found={found} />}
          {any && (
            <div class="run-actions">
              <button class="plain" onClick={propose}>
                <Icon name="flask" size={16} /> {t('energy.retrofit.run')}
              </button>
              <button class="plain" onClick={() => chooseMeasures([])}>
                <Icon name="close" size={15} /> {t('energy.retrofit.clear')}
              </button>
            </div>
          )}
        </>
      )}
    </SideFrame>
  );
}

export function RetrofitPanel() {
  return sideShown('retrofit') ? <Body /> : null;
}
