/** Hours of a year: all of it, or a week or a day of it that is moved along. */
import type { Signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { lookOf } from '../charts/look';
import { dailyMeans, type Line, timesOf, type Window, windowAt, WINDOWS } from '../energy/hours';
import { dateTime, t } from '../i18n';
import { language, theme, zone } from '../state/store';
import { toLocal } from '../state/zone';
import { LineChart } from './LineChart';

const DAY = 86_400_000;
const WIDTH = 300;
const HEIGHT = 34;

/** A moment on the axis: the month of a year, else the day or the hour. */
function tickOf(at: number, span: number): string {
  const options: Intl.DateTimeFormatOptions =
    span > 60 * DAY
      ? { month: 'short' }
      : span > 2 * DAY
        ? { day: 'numeric', month: 'short' }
        : { hour: '2-digit', hourCycle: 'h23' };
  return new Intl.DateTimeFormat(language.value, { ...options, timeZone: zone.value }).format(at);
}

const dateOf = (at: number) =>
  new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeZone: zone.value }).format(at);

/** The year at a glance, with the window that is shown. */
function Overview({ line, window, day }: { line: Line; window: Window; day: number }) {
  const means = useMemo(() => dailyMeans(line.values), [line.values]);
  const most = Math.max(...means, 1e-9);
  const least = Math.min(...means, 0);
  const y = (value: number) => HEIGHT - ((value - least) / (most - least)) * (HEIGHT - 2);
  const points = means.map((value, index) => `${(index / means.length) * WIDTH},${y(value).toFixed(1)}`);
  const [first, end] = windowAt(line.values.length, window, day);
  const scale = WIDTH / line.values.length;
  const look = lookOf(theme.value);
  return (
    <svg
      class="energy-overview"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polygon points={`0,${y(0)} ${points.join(' ')} ${WIDTH},${y(0)}`} fill={look.colours[line.colour]!} />
      <rect x={first * scale} width={Math.max(2, (end - first) * scale)} y={0} height={HEIGHT} />
    </svg>
  );
}

interface Props {
  title: string;
  start: string;
  /** [s] */
  step: number;
  lines: Line[];
  /** The line of the glance at the year; the first, if not told. */
  glance?: string;
  window: Window;
  /** The first day that is shown. */
  day: Signal<number>;
}

export function YearChart({ title, start, step, lines, glance, window, day }: Props) {
  const count = lines[0]?.values.length ?? 0;
  const [first, end] = windowAt(count, window, day.value);
  const { part, along } = useMemo(
    () => ({
      part: lines.map((line) => ({ ...line, values: line.values.slice(first, end) })),
      along: timesOf(start, step, count).slice(first, end),
    }),
    [lines, start, first, end],
  );
  const days = Math.ceil((count - Math.min(count, WINDOWS[window])) / 24);
  const seen = lines.find(({ id }) => id === glance) ?? lines[0];
  const local = along.length > 0 ? toLocal(along[0]!, zone.value).date : '';
  return (
    <>
      {window !== 'year' && seen && (
        <div class="energy-brush">
          <Overview line={seen} window={window} day={day.value} />
          <input
            type="range"
            min={0}
            max={days}
            step={1}
            value={day.value}
            aria-label={t('energy.hours.move')}
            aria-valuetext={local}
            onInput={(event) => (day.value = event.currentTarget.valueAsNumber)}
          />
          <p class="quiet">
            {along.length > 0 &&
              (window === 'day' ? dateOf(along[0]!) : `${dateOf(along[0]!)} – ${dateOf(along.at(-1)!)}`)}
          </p>
        </div>
      )}
      <LineChart
        title={title}
        lines={part}
        along={along}
        zone={zone.value}
        tick={tickOf}
        place={(at) => dateTime(at, zone.value)}
        column={t('energy.chart.time')}
      />
    </>
  );
}
