/** Energy month by month: a stack, and beside it a bar of something else. */
import { useSignal } from '@preact/signals';
import { chartColours } from '../charts/look';
import { saveText } from '../charts/take';
import { csvOf, type Line } from '../energy/hours';
import { number, t, withUnit } from '../i18n';
import { language, theme } from '../state/store';

const WIDTH = 308;
const HEIGHT = 150;
const LEFT = 40;
const FOOT = 18;
const monthName = (month: number, form: 'narrow' | 'long') =>
  new Intl.DateTimeFormat(language.value, { month: form, timeZone: 'UTC' }).format(Date.UTC(2023, month, 15));

/** A month in a place for one letter: its number where months have numbers. */
const letterOf = (month: number) =>
  String(parseInt(monthName(month, 'narrow'), 10) || monthName(month, 'narrow'));

/** A round number at or above a value, for the end of an axis. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return size * ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * size >= value) ?? 10);
}

interface Props {
  title: string;
  /** [kWh], a value for each month; one that is not known is NaN. */
  stacked: Line[];
  beside: Line | null;
}

const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? 0 : value);

export function MonthBars({ title, stacked, beside }: Props) {
  const chosen = useSignal<number | null>(null);
  const lines = beside ? [...stacked, beside] : stacked;
  const totals = Array.from({ length: 12 }, (_, month) =>
    stacked.reduce((sum, { values }) => sum + known(values[month]), 0),
  );
  const top = roundUp(Math.max(...totals, ...(beside?.values ?? [0]).map(known)));
  const y = (value: number) => HEIGHT - (value / top) * (HEIGHT - 8);
  const colours = chartColours(theme.value);
  const step = (WIDTH - LEFT) / 12;
  const bar = step * (beside ? 0.5 : 0.7);
  const at = chosen.value;
  const month = (index: number) => {
    let below = 0;
    const x = LEFT + index * step + step * 0.12;
    return (
      <g key={index} class={at === null || at === index ? '' : 'energy-dim'}>
        {stacked.map(({ id, colour, values }) => {
          const low = below;
          below += known(values[index]);
          const height = y(low) - y(below);
          return height > 0.05 ? (
            <rect key={id} x={x} y={y(below)} width={bar} height={height} fill={colours[colour]!} />
          ) : null;
        })}
        {beside && (
          <rect
            x={x + bar + 1.5}
            y={y(known(beside.values[index]))}
            width={step * 0.22}
            height={HEIGHT - y(known(beside.values[index]))}
            fill={colours[beside.colour]!}
          />
        )}
        <rect
          class="energy-hit"
          x={LEFT + index * step}
          y={0}
          width={step}
          height={HEIGHT + FOOT}
          onPointerEnter={() => (chosen.value = index)}
        />
        <text x={x + bar / 2 + 2} y={HEIGHT + 13} text-anchor="middle">
          {letterOf(index)}
        </text>
      </g>
    );
  };
  return (
    <div class="energy-lines">
      <svg
        class="energy-months"
        viewBox={`0 0 ${WIDTH} ${HEIGHT + FOOT}`}
        role="application"
        tabindex={0}
        aria-label={t('energy.months.keys', { title })}
        onPointerLeave={() => (chosen.value = null)}
        onKeyDown={(event) => {
          const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
          if (by === 0) return;
          event.preventDefault();
          chosen.value = Math.min(11, Math.max(0, (chosen.value ?? (by > 0 ? -1 : 12)) + by));
        }}
      >
        {[0, 0.5, 1].map((share) => (
          <g key={share} class="energy-grid">
            <line x1={LEFT} x2={WIDTH} y1={y(top * share)} y2={y(top * share)} />
            <text x={LEFT - 4} y={y(top * share) + 3} text-anchor="end">
              {number(top * share)}
            </text>
          </g>
        ))}
        {totals.map((_, index) => month(index))}
      </svg>
      <ul class="energy-key">
        {lines.map(({ id, title: name, colour, values }) => (
          <li key={id}>
            <i style={{ background: colours[colour]! }} />
            <span>{name}</span>
            <b>
              {number(
                at === null ? values.reduce((sum, value) => sum + known(value), 0) : known(values[at]),
                0,
              )}
            </b>
          </li>
        ))}
      </ul>
      <div class="energy-foot">
        <p class="quiet" aria-live="polite">
          {withUnit(at === null ? t('energy.months.year') : `${monthName(at, 'long')},`, 'kWh')}
        </p>
        <button
          class="plain"
          aria-label={t('energy.chart.csv', { title })}
          onClick={() => {
            const names = totals.map((_, index) => monthName(index, 'long'));
            saveText(csvOf(t('energy.chart.month'), names, lines), `${title}.csv`);
          }}
        >
          {t('charts.csv')}
        </button>
      </div>
    </div>
  );
}
