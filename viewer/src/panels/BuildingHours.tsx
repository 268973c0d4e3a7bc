/** A building's hours: the mean day of a season, or a day, a week or all of the year. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { type BuildingEnergy, getBuilding, type HourSeries, type YearHours } from '../client/energy';
import { busiestDay, type Line, type Window } from '../energy/hours';
import { type Key, t } from '../i18n';
import { detailOf } from '../state/runs';
import { language } from '../state/store';
import { LineChart } from './LineChart';
import { YearChart } from './YearChart';

const HOUR = 3_600_000;
const SEASONS = ['january', 'april', 'july', 'october'] as const;
const WINDOWS: Window[] = ['day', 'week', 'year'];
const QUANTITIES = ['power', 'temperature'] as const;
type Quantity = (typeof QUANTITIES)[number];
type View = (typeof SEASONS)[number] | Window;

/** Power of heat, cold, electricity and modules, or the temperatures inside and outside. */
export function linesOf(series: HourSeries, quantity: Quantity): Line[] {
  const line = (id: string, key: Key, unit: string, colour: number, values: number[] | null | undefined) =>
    values ? [{ id, title: t(key), unit, colour, values }] : [];
  if (quantity === 'temperature') {
    return [
      ...line('inside', 'energy.inside', '°C', 5, series.temperature),
      ...line('outside', 'energy.outside', '°C', 7, series.outside),
    ];
  }
  return [
    ...line('heating', 'energy.heating', 'kW', 1, series.heating),
    ...line('cooling', 'energy.cooling', 'kW', 0, series.cooling),
    ...line('electricity', 'energy.electricity', 'kW', 3, series.electricity),
    ...line('pv', 'energy.pv', 'kW', 2, series.pv),
  ];
}

const clock = (at: number) => `${String(Math.round(at / HOUR)).padStart(2, '0')}:00`;

export function BuildingHours({ found, run }: { found: BuildingEnergy; run: string }) {
  const view = useSignal<View>('january');
  const quantity = useSignal<Quantity>('power');
  const year = useSignal<YearHours | null>(null);
  const error = useSignal<string | null>(null);
  const day = useSignal(0);
  const season = SEASONS.find((name) => name === view.value);
  useSignalEffect(() => {
    if (year.value !== null || SEASONS.some((name) => name === view.value)) return undefined;
    const abort = new AbortController();
    getBuilding(run, found.id, true, abort.signal)
      .then(({ year_hourly: hours }) => {
        day.value = busiestDay(hours!.heating.map((value, index) => value + hours!.cooling[index]!));
        year.value = hours!;
      })
      .catch((problem: unknown) => {
        if (!abort.signal.aborted) error.value = detailOf(problem);
      });
    return () => abort.abort();
  });
  const typical = useMemo(
    () => (season ? linesOf(found.typical[season], quantity.value) : []),
    [found, season, quantity.value, language.value],
  );
  const hours = year.value;
  const lines = useMemo(
    () => (hours ? linesOf(hours, quantity.value) : []),
    [hours, quantity.value, language.value],
  );
  const along = useMemo(() => Array.from({ length: 24 }, (_, hour) => hour * HOUR), []);
  return (
    <>
      <div class="energy-selects">
        <select
          aria-label={t('energy.hours.view')}
          value={view.value}
          onChange={(event) => (view.value = event.currentTarget.value as View)}
        >
          {SEASONS.map((name) => (
            <option key={name} value={name}>
              {t(`energy.hours.${name}`)}
            </option>
          ))}
          {WINDOWS.map((name) => (
            <option key={name} value={name}>
              {t(`energy.hours.${name}`)}
            </option>
          ))}
        </select>
        <select
          aria-label={t('energy.hours.quantity')}
          value={quantity.value}
          onChange={(event) => (quantity.value = event.currentTarget.value as Quantity)}
        >
          {QUANTITIES.map((name) => (
            <option key={name} value={name}>
              {t(`energy.hours.${name}`)}
            </option>
          ))}
        </select>
      </div>
      {error.value !== null && (
        <p class="problem" role="alert">
          {t('energy.error', { detail: error.value || t('offline.title') })}
        </p>
      )}
      {season ? (
        <LineChart
          title={t('energy.hours')}
          lines={typical}
          along={along}
          zone="UTC"
          tick={clock}
          place={clock}
          column={t('energy.chart.time')}
        />
      ) : hours ? (
        <YearChart
          title={t('energy.hours')}
          start={hours.start}
          step={hours.step}
          lines={lines}
          window={view.value as Window}
          day={day}
        />
      ) : (
        error.value === null && <p class="quiet">{t('layers.loading')}</p>
      )}
    </>
  );
}
