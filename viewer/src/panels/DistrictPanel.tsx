/** The energy of the district: totals, scopes and grades, and the load of the district, a block or a use. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import {
  type EnergyLoad,
  type EnergyScope,
  type EnergySummary,
  getGroups,
  getLoad,
  type GroupKind,
  type LoadGroup,
} from '../client/energy';
import { gradeColour } from '../energy/colours';
import { busiestDay, type Line, type Window } from '../energy/hours';
import { gradeText, percent, word } from '../energy/text';
import { number, t, withUnit } from '../i18n';
import { energyRun } from '../state/energy';
import { detailOf } from '../state/runs';
import { language, zone } from '../state/store';
import { linesOf } from './BuildingHours';
import { EnergyFigures } from './EnergyFigures';
import { type Fact, FactList } from './FactList';
import { Icon } from './icons';
import { LineChart } from './LineChart';
import { ChoiceField } from './LayerFrame';
import { openSide, SideFrame, sideShown } from './SideFrame';
import { YearChart } from './YearChart';

type View = Window | 'duration';
const VIEWS: View[] = ['day', 'week', 'year', 'duration'];
/** The whole year on the axis of a duration curve, which counts in milliseconds: ticks fall on tenths. */
const WHOLE = 36e6;
const GROUPS: GroupKind[] = ['district', 'block', 'use'];

/** How many buildings have which grade. */
function Grades({ grades }: { grades: Record<string, number> }) {
  const rows = Object.entries(grades);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  return (
    <ul class="energy-bars" aria-label={t('energy.grades')}>
      {rows.map(([grade, count]) => (
        <li key={grade}>
          <span>{gradeText(grade === 'none' ? null : grade)}</span>
          <i>
            <i
              style={{
                width: `${(count / most) * 100}%`,
                background: gradeColour(grade === 'none' ? null : Number(grade)),
              }}
            />
          </i>
          <b>{number(count)}</b>
        </li>
      ))}
    </ul>
  );
}

function Scopes({ scopes }: { scopes: EnergyScope[] }) {
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  const missing = [...new Set(scopes.flatMap((scope) => scope.missing))];
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('energy.scope')}</th>
            <th scope="col">{t('energy.scope.final')}</th>
            <th scope="col">{t('energy.scope.primary')}</th>
          </tr>
        </thead>
        <tbody>
          {scopes.map((scope) => (
            <tr key={scope.id}>
              <th scope="row">{scope.title[language.value]}</th>
              <td>{share(scope.self_sufficiency_final)}</td>
              <td>{share(scope.self_sufficiency_primary)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="energy-note">{t('energy.scope.why')}</p>
      {missing.length > 0 && (
        <p class="energy-note">
          {t('energy.scope.missing', { uses: missing.map((name) => word('use', name)).join(', ') })}
        </p>
      )}
    </>
  );
}

/** Power over the share of the year in which it is at least so great. */
function Duration({ load }: { load: EnergyLoad }) {
  const { share, electricity, net } = load.duration;
  const lines = useMemo((): Line[] => {
    const line = (id: string, title: string, colour: number, values: number[]) => ({
      id,
      title,
      unit: 'kW',
      colour,
      values,
    });
    return [
      line('electricity', t('energy.electricity'), 3, electricity),
      ...(load.pv ? [line('net', t('energy.net'), 2, net)] : []),
    ];
  }, [load, language.value]);
  const along = useMemo(() => share.map((one) => one * WHOLE), [share]);
  const place = (at: number) => percent(at / WHOLE);
  return (
    <LineChart
      title={t('energy.load.duration')}
      lines={lines}
      along={along}
      zone="UTC"
      tick={place}
      place={place}
      column={t('energy.load.share')}
    />
  );
}

/** A moment of the run's year. */
const shortTime = (at: number) =>
  new Intl.DateTimeFormat(language.value, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    hourCycle: 'h23',
    minute: '2-digit',
    timeZone: zone.value,
  }).format(at);

function Peaks({ load }: { load: EnergyLoad }) {
  const peak = (name: 'heating' | 'cooling' | 'electricity' | 'net') =>
    `${withUnit(number(load.peak[name].kW, 0), 'kW')} · ${shortTime(Date.parse(load.peak[name].at))}`;
  const rows: Fact[] = [
    [t('energy.peak.heating'), peak('heating')],
    [t('energy.peak.cooling'), peak('cooling')],
    [t('energy.peak.electricity'), peak('electricity')],
    [t('energy.peak.net'), load.pv && peak('net')],
  ];
  return <FactList as="figures" facts={rows} />;
}

function Curves({ load, view }: { load: EnergyLoad; view: Window }) {
  const day = useSignal(busiestDay(load.electricity));
  const lines = useMemo(
    (): Line[] => [
      ...linesOf(load, 'power'),
      ...(load.pv ? [{ id: 'net', title: t('energy.net'), unit: 'kW', colour: 5, values: load.net }] : []),
    ],
    [load, language.value],
  );
  return (
    <YearChart
      title={t('energy.load')}
      start={load.start}
      step={load.step}
      lines={lines}
      glance="electricity"
      window={view}
      day={day}
    />
  );
}

const titleOf = ({ id, title }: LoadGroup) => title?.[language.value] ?? id;

function Load({ run }: { run: string }) {
  const kind = useSignal<GroupKind>('district');
  const groups = useSignal<LoadGroup[]>([]);
  const of = useSignal('district');
  const view = useSignal<View>('week');
  const load = useSignal<EnergyLoad | null>(null);
  const error = useSignal<string | null>(null);
  const chosen = kind.value;
  useEffect(() => {
    if (chosen === 'district') {
      of.value = 'district';
      return undefined;
    }
    const abort = new AbortController();
    getGroups(run, chosen, abort.signal)
      .then((found) => {
        groups.value = found;
        of.value = found[0]?.id ?? '';
      })
      .catch((problem: unknown) => {
        if (!abort.signal.aborted) error.value = detailOf(problem);
      });
    return () => abort.abort();
  }, [run, chosen]);
  const wanted = of.value;
  useEffect(() => {
    if (chosen !== 'district' && !groups.value.some(({ id }) => id === wanted)) return undefined;
    const abort = new AbortController();
    [load.value, error.value] = [null, null];
    getLoad(run, chosen, wanted, abort.signal)
      .then((found) => (load.value = found))
      .catch((problem: unknown) => {
        if (!abort.signal.aborted) error.value = detailOf(problem);
      });
    return () => abort.abort();
  }, [run, chosen, wanted]);
  const found = load.value;
  return (
    <>
      <ChoiceField
        label={t('energy.load.group')}
        value={chosen}
        choices={GROUPS.map((value) => ({ value, label: t(`energy.group.${value}`) }))}
        change={(value) => {
          groups.value = [];
          kind.value = value;
        }}
      />
      {chosen !== 'district' && (
        <ChoiceField
          label={t(`energy.group.${chosen}`)}
          value={wanted}
          choices={groups.value.map((group) => ({ value: group.id, label: titleOf(group) }))}
          change={(value) => (of.value = value)}
        />
      )}
      <ChoiceField
        label={t('energy.hours.view')}
        value={view.value}
        choices={VIEWS.map((value) => ({ value, label: t(`energy.hours.${value}`) }))}
        change={(value) => (view.value = value)}
      />
      {error.value !== null && (
        <p class="problem" role="alert">
          {t('energy.error', { detail: error.value || t('offline.title') })}
        </p>
      )}
      {found ? (
        <>
          {view.value === 'duration' ? (
            <Duration load={found} />
          ) : (
            <Curves key={`${chosen} ${wanted}`} load={found} view={view.value} />
          )}
          <Peaks load={found} />
        </>
      ) : (
        error.value === null && <p class="quiet">{t('layers.loading')}</p>
      )}
    </>
  );
}

function Guesses({ summary }: { summary: EnergySummary }) {
  const { guesses, doubts_total: doubts, buildings, measured, notes } = summary;
  const rows = Object.entries(guesses.figures)
    .filter(([, count]) => count > 0)
    .map(([name, count]): Fact => [word('figure', name), number(count)]);
  return (
    <section>
      <h3>{t('energy.sure')}</h3>
      <p class="energy-note">
        {guesses.buildings > 0
          ? t('energy.sure.guesses', { amount: number(guesses.buildings), all: number(buildings) })
          : t('energy.sure.none')}
        {doubts > 0 && ` ${t('energy.sure.doubts', { count: doubts })}`}
      </p>
      <FactList as="figures" facts={rows} />
      {measured && (
        <p class="energy-note">
          {t('energy.metered.all', { meets: number(measured.meets), meters: number(measured.meters) })}
        </p>
      )}
      {notes.length > 0 && (
        <details>
          <summary>{t('runs.notes')}</summary>
          <ul class="run-files">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Body() {
  const found = energyRun.value;
  return (
    <SideFrame name="district" title={t('energy.district')}>
      {found ? (
        <>
          <section class="energy-figures">
            <EnergyFigures summary={found.summary} />
            <button class="plain energy-open" onClick={() => openSide('costs')}>
              <Icon name="chart" size={15} /> {t('energy.costs')}
            </button>
          </section>
          <section>
            <h3>{t('energy.load')}</h3>
            <Load run={found.run} />
          </section>
          <section>
            <h3>{t('energy.grades')}</h3>
            <Grades grades={found.summary.grades} />
          </section>
          <section>
            <h3>{t('energy.scopes')}</h3>
            <Scopes scopes={found.summary.scopes} />
          </section>
          <Guesses summary={found.summary} />
        </>
      ) : (
        <p class="quiet">{t('energy.none')}</p>
      )}
    </SideFrame>
  );
}

export function DistrictPanel() {
  return sideShown('district') ? <Body /> : null;
}
