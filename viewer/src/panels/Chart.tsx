/** The chart below the map: several series over time, with thresholds; as a table or a picture to take along. */
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import {
  answer,
  chartError,
  chartLoading,
  closeChart,
  followChart,
  limits,
  range,
  table,
  zoomRange,
} from '../charts/data';
import { savePicture } from '../charts/export';
import { Plot } from '../charts/plot';
import { seriesPath } from '../client/readings';
import { dateTime, number, t, withUnit } from '../i18n';
import { duration, propertyTerm, readingText } from '../i18n/readings';
import { nearest, unitsOf } from '../sensors/series';
import { type Charted, chartedStreams, chartOpen, removeFromChart, span, SPANS } from '../state/charts';
import { language, theme, toast, zone } from '../state/store';
import { toLocal } from '../state/zone';
import { chartColours, lookOf } from '../charts/look';
import { Icon } from './icons';

const nameOf = ({ sensor, stream }: Charted) =>
  `${sensor.name} · ${propertyTerm(stream.property || stream.name)}`;

const HOUR_OF_DAY: Intl.DateTimeFormatOptions = { hour: '2-digit', hourCycle: 'h23' };

const atMidnight = (epochMs: number) => toLocal(epochMs, zone.value).minute === 0;

/** A moment on the axis: the hour within some days, else the date. */
function tickTime(epochMs: number, spanMs: number): string {
  const days = spanMs / 86_400_000;
  const options: Intl.DateTimeFormatOptions =
    days <= 1.2
      ? { ...HOUR_OF_DAY, minute: '2-digit' }
      : days <= 8
        ? { month: 'short', day: 'numeric', ...(atMidnight(epochMs) ? {} : HOUR_OF_DAY) }
        : {
            year: days > 200 ? 'numeric' : undefined,
            month: 'short',
            day: days > 200 ? undefined : 'numeric',
          };
  return new Intl.DateTimeFormat(language.value, { ...options, timeZone: zone.value }).format(epochMs);
}

function Legend({ row }: { row: number | null }) {
  const colours = chartColours(theme.value);
  const { times, columns } = table.value;
  const time = row === null ? undefined : times[row];
  const valueAt = (id: number): number | null => {
    if (row === null) return null;
    const part = answer.value?.series.find((one) => one.datastream === id);
    const column = columns.find((one) => one.datastream === id && one.kind === 'value');
    const exact = column?.values[row];
    if (typeof exact === 'number') return exact;
    if (!part || exact === null || time === undefined) return null;
    const index = nearest(part.times, time, (range.value[1] - range.value[0]) / 100);
    return index === null ? null : part.values[index]!;
  };
  return (
    <ul class="chart-legend">
      {chartedStreams.value.map((one, index) => {
        const { stream } = one;
        const value = row === null ? stream.value : valueAt(stream.id);
        const name = nameOf(one);
        return (
          <li key={stream.id}>
            <i style={{ background: colours[index % colours.length] }} />
            <span title={name}>{name}</span>
            <b>{readingText(stream.property, value, stream.unit)}</b>
            <button
              class="round small"
              aria-label={t('charts.remove', { series: name })}
              title={t('charts.remove', { series: name })}
              onClick={() => removeFromChart(stream.id)}
            >
              <Icon name="close" size={13} />
            </button>
          </li>
        );
      })}
      {time !== undefined && <li class="chart-time">{dateTime(time, zone.value)}</li>}
    </ul>
  );
}

function Canvas({ plot, hover }: { plot: { current: Plot | null }; hover: (row: number | null) => void }) {
  const box = useRef<HTMLDivElement>(null);
  /** The part of the data that belongs to series of the chart. */
  const columns = useComputed(() => {
    const shown = new Set(chartedStreams.value.map(({ stream }) => stream.id));
    return table.value.columns.filter((column) => shown.has(column.datastream));
  });
  /** What makes another chart necessary, while other data does not. */
  const structure = useComputed(() =>
    JSON.stringify([
      chartedStreams.value.map(({ stream }) => [stream.id, stream.unit]),
      columns.value.map(({ kind, datastream }) => [kind, datastream]),
      limits.value.map(({ value, unit }) => [value, unit]),
      theme.value,
      language.value,
    ]),
  );
  useSignalEffect(() => {
    const element = box.current;
    void structure.value;
    const streams = chartedStreams.peek();
    if (!element) return undefined;
    const look = lookOf(theme.value);
    const shown = new Map(
      streams.map(({ stream }, index) => [
        stream.id,
        { unit: stream.unit, colour: look.colours[index % look.colours.length]! },
      ]),
    );
    const made = new Plot(
      element,
      {
        table: { times: table.peek().times, columns: columns.peek() },
        streams: shown,
        units: unitsOf(streams.map(({ stream }) => stream.unit)),
        limits: limits.peek().map((limit) => ({
          ...limit,
          label: `${limit.rule.title[language.value]} (${withUnit(number(limit.value), limit.unit)})`,
        })),
        look,
        range: range.peek(),
        axisLabel: (unit) => withUnit('', unit).trim() || t('charts.unitless'),
        zone: zone.value,
        tickTime,
        tickValue: (value) => number(value),
      },
      { hover, zoomed: (from, to) => (zoomRange.value = [from, to]) },
    );
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  });
  useSignalEffect(() => {
    const data = { times: table.value.times, columns: columns.value };
    plot.current?.update(data, range.value);
  });
  useEffect(() => {
    const observer = new ResizeObserver(() => plot.current?.resize());
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const keys = (event: KeyboardEvent) => {
    const made = plot.current;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => (event.shiftKey ? made?.move(-0.2) : made?.step(-1)),
      ArrowRight: () => (event.shiftKey ? made?.move(0.2) : made?.step(1)),
      '+': () => made?.zoom(0.7),
      '=': () => made?.zoom(0.7),
      '-': () => made?.zoom(1 / 0.7),
      Home: () => (zoomRange.value = null),
      '0': () => (zoomRange.value = null),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  return (
    <div
      ref={box}
      class="chart-canvas"
      role="application"
      tabIndex={0}
      aria-label={t('charts.keys')}
      onKeyDown={keys}
      onDblClick={() => (zoomRange.value = null)}
    />
  );
}

function Tools({ plot }: { plot: { current: Plot | null } }) {
  const [from, to] = range.value;
  const datastreams = chartedStreams.value.map(({ stream }) => stream.id);
  const picture = () => {
    const look = lookOf(theme.value);
    const lines = chartedStreams.value.map((one, index) => ({
      colour: look.colours[index % look.colours.length]!,
      text: withUnit(nameOf(one), one.stream.unit && `[${one.stream.unit}]`),
    }));
    const title = `${t('charts.title')} ${dateTime(from, zone.value)} – ${dateTime(to, zone.value)}`;
    if (!plot.current) return;
    savePicture(plot.current.canvas, title, lines, { paper: look.paper, ink: look.ink }, look.font).catch(
      () => (toast.value = { key: 'tools.screenshot.failed' }),
    );
  };
  return (
    <div class="chart-tools">
      <select
        aria-label={t('charts.span')}
        value={zoomRange.value ? '' : span.value}
        onChange={(event) => {
          if (!event.currentTarget.value) return;
          span.value = Number(event.currentTarget.value);
          zoomRange.value = null;
        }}
      >
        {zoomRange.value && <option value="">{t('charts.zoomed')}</option>}
        {SPANS.map((length) => (
          <option key={length} value={length}>
            {duration(length / 1000)}
          </option>
        ))}
      </select>
      {zoomRange.value && (
        <button class="plain" onClick={() => (zoomRange.value = null)}>
          {t('charts.reset')}
        </button>
      )}
      <a
        class="plain"
        download
        href={seriesPath({ datastreams, from, to }, 'csv')}
        aria-label={t('charts.csv.label')}
      >
        {t('charts.csv')}
      </a>
      <button class="plain" aria-label={t('charts.png.label')} onClick={picture}>
        {t('charts.png')}
      </button>
    </div>
  );
}

function Body() {
  const plot = useRef<Plot | null>(null);
  const row = useSignal<number | null>(null);
  const any = useComputed(() => chartedStreams.value.length > 0);
  useEffect(followChart, []);
  useEffect(() => {
    document.documentElement.dataset.dock = 'chart';
    return () => delete document.documentElement.dataset.dock;
  }, []);
  const step = answer.value?.step;
  return (
    <section
      class={`panel chart ${any.value ? '' : 'bare'}`}
      aria-label={t('charts.title')}
      data-covers="bottom"
      data-step={step}
    >
      <div class="chart-head">
        <h2>{t('charts.title')}</h2>
        {step && step !== 'raw' && <small>{t(step === 'hour' ? 'charts.hourly' : 'charts.daily')}</small>}
        {chartLoading.value && <small>{t('layers.loading')}</small>}
        {any.value && <Tools plot={plot} />}
        <button
          class="round small"
          aria-label={t('charts.close')}
          title={t('common.close')}
          onClick={closeChart}
        >
          <Icon name="close" size={16} />
        </button>
      </div>
      {chartError.value !== null && (
        <p class="problem" role="alert">
          {t('charts.error', { detail: chartError.value || t('offline.title') })}
        </p>
      )}
      {any.value ? (
        <>
          <Legend row={row.value} />
          <Canvas plot={plot} hover={(index) => (row.value = index)} />
        </>
      ) : (
        <p class="quiet">{t('charts.empty')}</p>
      )}
    </section>
  );
}

export function Chart() {
  return chartOpen.value ? <Body /> : null;
}
