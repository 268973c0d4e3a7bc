/** The panel of a retrofit: measures as switches, what they change at once, and a run of them for the whole city. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getGroups, type LoadGroup, type Measure, type RetrofitAnswer } from '../client/energy';
import { type Change, changesOf, slots, switched } from '../energy/retrofit';
import { capital, energyText, massText, percent } from '../energy/text';
import { number, t, withUnit } from '../i18n';
import { money } from '../runs/text';
import { changeEnergy, colourByEnergy, energyRun, energyView } from '../state/energy';
import {
  chooseMeasures,
  followRetrofit,
  mapAfter,
  measures,
  packages,
  retrofit,
  retrofitBusy,
  retrofitError,
} from '../state/retrofit';
import { proposed } from '../state/runs';
import { highlighted, language, selection } from '../state/store';
import { type Fact, FactList } from './FactList';
import { GradeMark } from './GradeBadge';
import { Icon } from './icons';
import { ChoiceField } from './LayerFrame';
import { openSide, SideFrame, sideShown } from './SideFrame';

const PROCESS = 'energy';

/** A building that was picked, or a block. */
function Whose({ run }: { run: string }) {
  const blocks = useSignal<LoadGroup[]>([]);
  const of = energyView.value?.of ?? null;
  useEffect(() => {
    getGroups(run, 'block')
      .then((found) => {
        blocks.value = found;
        const first = found[0];
        if (energyView.peek()?.of == null && first) changeEnergy({ of: { kind: 'block', id: first.id } });
      })
      .catch(() => (blocks.value = [])); // a building can be looked at without them
  }, [run]);
  const building = of?.kind === 'building' ? of.id : null;
  return (
    <>
      <ChoiceField
        label={t('energy.retrofit.of')}
        value={of ? `${of.kind} ${of.id}` : ''}
        choices={[
          ...(building === null
            ? []
            : [{ value: `building ${building}`, label: t('energy.retrofit.one', { id: building }) }]),
          ...blocks.value.map(({ id, buildings }) => ({
            value: `block ${id}`,
            label: t('energy.retrofit.block', { id, amount: number(buildings ?? 0) }),
          })),
        ]}
        change={(value) => {
          const [kind, ...id] = value.split(' ');
          changeEnergy({ of: { kind: kind as 'building' | 'block', id: id.join(' ') } });
        }}
      />
      {building !== null && (
        <button class="plain energy-open" onClick={() => (selection.value = building)}>
          <Icon name="chart" size={15} /> {t('energy.retrofit.back')}
        </button>
      )}
    </>
  );
}

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
      <div class="energy-packages" role="group" aria-label={t('energy.packages')}>
        {packages.value.map(({ id, title, measures: ids }) => {
          const pressed = ids.length === chosen.length && ids.every((one) => chosen.includes(one));
          return (
            <button
              key={id}
              type="button"
              aria-pressed={pressed}
              onClick={() => chooseMeasures(pressed ? [] : ids)}
            >
              {capital(title[language.value])}
            </button>
          );
        })}
      </div>
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

function years(value: number | null): string {
  return value === null ? t('energy.payback.none') : t('energy.payback.years', { years: number(value, 1) });
}

function Money({ found }: { found: RetrofitAnswer }) {
  const { currency, unknown_costs: unknown } = found;
  const names = unknown.map((id) => measures.value.find((one) => one.id === id)?.title[language.value] ?? id);
  const rows: Fact[] = [
    [
      t('energy.investment'),
      found.investment === null || currency === null ? null : money(found.investment, currency),
    ],
    [t('energy.payback'), found.investment === null ? null : years(found.payback)],
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

/** The grade and primary energy, which stay in sight while measures are chosen. */
function Head({ found }: { found: RetrofitAnswer }) {
  const { before, after } = found;
  const [primary] = changesOf(before, after);
  return (
    <div class={`energy-outcome energy-head ${retrofitBusy.value ? 'busy' : ''}`} aria-live="polite">
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
      {primary && <ChangeBars change={primary} currency="" />}
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
    <section class={`energy-outcome ${retrofitBusy.value ? 'busy' : ''}`}>
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
  const found = retrofit.value;
  const any = (energyView.value?.measures.length ?? 0) > 0;
  return (
    <SideFrame name="retrofit" title={t('energy.retrofit')}>
      {run === undefined ? (
        <p class="quiet">{t('energy.none')}</p>
      ) : (
        <>
          <Whose run={run} />
          {retrofitError.value !== null && (
            <p class="problem" role="alert">
              {t('energy.retrofit.error', { detail: retrofitError.value || t('offline.title') })}
            </p>
          )}
          {found && any ? (
            <Head found={found} />
          ) : (
            <p class="quiet" role="status">
              {t(any ? 'energy.retrofit.busy' : 'energy.retrofit.start')}
            </p>
          )}
          {found && any && <MapChoice />}
          <Switches />
          {found && any && <Outcome found={found} />}
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
