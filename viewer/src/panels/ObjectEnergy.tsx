/** What the shown run says of the picked building: grade, needs by month and hour, envelope, and what is a guess. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type BuildingEnergy, getBuilding } from '../client/energy';
import { energyText, massText, percent, word } from '../energy/text';
import { number, t, withUnit } from '../i18n';
import { money } from '../runs/text';
import { changeEnergy, energyRun, inRun } from '../state/energy';
import { detailOf } from '../state/runs';
import { language } from '../state/store';
import { BuildingMonths } from './BuildingMonths';
import { BuildingHours } from './BuildingHours';
import { EnvelopeTable } from './EnvelopeTable';
import { type Fact, FactList } from './FactList';
import { GradeBadge } from './GradeBadge';
import { Icon } from './icons';
import { MeteredBuilding } from './MeteredBuilding';
import { openSide } from './SideFrame';

function Figures({ found }: { found: BuildingEnergy }) {
  const { per_area: perArea, pv } = found;
  const byArea = (value: number | null | undefined) =>
    value == null ? null : withUnit(number(value, 0), 'kWh/(m²·a)');
  const rows: Fact[] = [
    [t('energy.heating'), byArea(perArea.heating)],
    [t('energy.cooling'), byArea(perArea.cooling)],
    [t('energy.final'), byArea(perArea.final)],
    [t('energy.primary'), byArea(perArea.primary)],
    [t('energy.co2'), found.co2 === null ? null : massText(found.co2)],
    [t('energy.cost'), found.cost === null ? null : money(found.cost, found.currency ?? '')],
    [
      t('energy.peaks'),
      `${number(found.heating_peak, 1)} · ${withUnit(number(found.cooling_peak, 1), 'kW')}`,
    ],
    [t('energy.pv'), pv && `${energyText(pv.yield)} (${withUnit(number(pv.power, 1), 'kW')})`],
    [t('energy.autarky'), pv?.autarky == null ? null : percent(pv.autarky)],
  ];
  return <FactList as="figures" facts={rows} />;
}

/** Final energy by carrier. */
function Carriers({ final }: { final: Record<string, number> }) {
  const parts = Object.entries(final).map(([name, value]) => `${word('carrier', name)} ${energyText(value)}`);
  return <p class="energy-note">{parts.join(' · ')}</p>;
}

/** Where the building stands among those of its use. */
function Peers({ found }: { found: BuildingEnergy }) {
  const { peers, use } = found;
  if (!peers || peers.percentile === null) return null;
  return (
    <p class="energy-note">
      {t('energy.peers', {
        share: percent(peers.percentile),
        use: use.title[language.value],
        amount: number(peers.n),
        middle: withUnit(number(peers.p50, 0), 'kWh/(m²·a)'),
      })}
    </p>
  );
}

function Origins({ found }: { found: BuildingEnergy }) {
  const rows = Object.entries(found.origins).map(([name, origin]): Fact => [
    word('figure', name),
    word('origin', origin),
  ]);
  return (
    <>
      {found.guesses.length > 0 && (
        <p class="energy-guess" role="note">
          <Icon name="warning" size={15} />
          {t('energy.guesses', { figures: found.guesses.map((name) => word('figure', name)).join(', ') })}
        </p>
      )}
      {found.doubts.map(({ figure, text }) => (
        <p key={figure} class="energy-guess" role="note">
          <Icon name="warning" size={15} /> {text[language.value]}
        </p>
      ))}
      <details>
        <summary>{t('energy.origins')}</summary>
        <FactList as="figures" facts={rows} />
      </details>
    </>
  );
}

function Found({ found, run }: { found: BuildingEnergy; run: string }) {
  return (
    <>
      <GradeBadge
        grade={found.grade}
        share={found.self_sufficiency}
        scheme={energyRun.value?.summary.scheme ?? ''}
      />
      <p class="energy-note">
        {[
          found.use.title[language.value],
          found.year === null ? '' : t('energy.built', { year: String(Math.round(found.year)) }),
          withUnit(number(found.floor_area, 0), 'm²'),
          found.system.title[language.value],
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <Origins found={found} />
      <Figures found={found} />
      <Carriers final={found.final} />
      <Peers found={found} />
      <button
        class="plain energy-open"
        onClick={() => {
          changeEnergy({ of: { kind: 'building', id: found.id } });
          openSide('retrofit');
        }}
      >
        <Icon name="plan" size={16} /> {t('energy.retrofit.building')}
      </button>
      <h4>{t('energy.months')}</h4>
      <BuildingMonths months={found.monthly} />
      {found.measured && <MeteredBuilding measured={found.measured} />}
      <h4>{t('energy.hours')}</h4>
      <BuildingHours found={found} run={run} />
      <EnvelopeTable found={found} />
    </>
  );
}

function Section({ run, id }: { run: string; id: string }) {
  const found = useSignal<BuildingEnergy | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    getBuilding(run, id, false, abort.signal)
      .then((answer) => (found.value = answer))
      .catch((problem: unknown) => {
        if (!abort.signal.aborted) error.value = detailOf(problem);
      });
    return () => abort.abort();
  }, []);
  return (
    <section class="object-energy">
      <h3>{t('energy.title')}</h3>
      {error.value !== null && (
        <p class="problem" role="alert">
          {t('energy.error', { detail: error.value || t('offline.title') })}
        </p>
      )}
      {found.value ? (
        <Found found={found.value} run={run} />
      ) : (
        error.value === null && <p class="quiet">{t('layers.loading')}</p>
      )}
    </section>
  );
}

export function ObjectEnergy({ ids }: { ids: string[] }) {
  const run = energyRun.value?.run;
  const id = inRun(ids);
  if (run === undefined || id === null) return null;
  return <Section key={`${run} ${id}`} run={run} id={id} />;
}
