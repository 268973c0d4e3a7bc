/** Lines over time or over another scale, with their values at the cursor; as a table or a picture to take along. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { savePicture } from '../charts/export';
import { lookOf } from '../charts/look';
import { Plot } from '../charts/plot';
import { saveText } from '../charts/take';
import { csvOf, type Line } from '../energy/hours';
import { number, t, withUnit } from '../i18n';
import { language, theme, toast } from '../state/store';

interface Props {
  title: string;
  lines: Line[];
  /** Along the axis: times [ms], or another scale. */
  along: number[];
  zone: string;
  tick: (at: number, span: number) => string;
  /** A place on the axis in words, and as a column of a table. */
  place: (at: number) => string;
  column: string;
}

export function LineChart({ title, lines, along, zone, tick, place, column }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const row = useSignal<number | null>(null);
  const now = theme.value;
  const look = lookOf(now);
  const colourOf = (line: Line) => look.colours[line.colour % look.colours.length]!;
  const whole: [number, number] = [along[0] ?? 0, along.at(-1) ?? 1];
  const table = {
    times: along,
    columns: lines.map(({ values }, index) => ({
      kind: 'value' as const,
      datastream: index + 1,
      values: values as number[],
    })),
  };
  useEffect(() => {
    row.value = null;
    const made = new Plot(
      box.current!,
      {
        table,
        streams: new Map(
          lines.map((line, index) => [index + 1, { unit: line.unit, colour: colourOf(line) }]),
        ),
        units: [...new Set(lines.map(({ unit }) => unit))],
        limits: [],
        look,
        range: whole,
        axisLabel: (unit) => withUnit('', unit).trim(),
        zone,
        tickTime: tick,
        tickValue: (value) => number(value),
      },
      { hover: (index) => (row.value = index), zoomed: () => undefined },
    );
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [lines, along, now, language.value]);
  useEffect(() => {
    const observer = new ResizeObserver(() => plot.current?.resize());
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const all = () => plot.current?.update(table, whole);
  const keys = (event: KeyboardEvent) => {
    const acts: Record<string, () => void> = {
      ArrowLeft: () => (event.shiftKey ? plot.current?.move(-0.2) : plot.current?.step(-1)),
      ArrowRight: () => (event.shiftKey ? plot.current?.move(0.2) : plot.current?.step(1)),
      '+': () => plot.current?.zoom(0.7),
      '-': () => plot.current?.zoom(1 / 0.7),
      Home: all,
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const picture = () => {
    if (!plot.current) return;
    const named = lines.map((line) => ({ colour: colourOf(line), text: `${line.title} [${line.unit}]` }));
    savePicture(plot.current.canvas, title, named, { paper: look.paper, ink: look.ink }, look.font).catch(
      () => (toast.value = { key: 'tools.screenshot.failed' }),
    );
  };
  const at = row.value;
  return (
    <div class="energy-lines">
      <div
        ref={box}
        class="run-chart"
        role="application"
        tabIndex={0}
        aria-label={t('energy.chart.keys', { title })}
        onKeyDown={keys}
        onDblClick={all}
      />
      <ul class="energy-key">
        {lines.map((line) => (
          <li key={line.id}>
            <i style={{ background: colourOf(line) }} />
            <span>{line.title}</span>
            {at !== null && <b>{withUnit(number(line.values[at] ?? 0, 1), line.unit)}</b>}
          </li>
        ))}
      </ul>
      <div class="energy-foot">
        <p class="quiet" aria-live="polite">
          {at === null ? t('energy.chart.hint') : place(along[at] ?? 0)}
        </p>
        <button
          class="plain"
          aria-label={t('energy.chart.csv', { title })}
          onClick={() => saveText(csvOf(column, along.map(place), lines), `${title}.csv`)}
        >
          {t('charts.csv')}
        </button>
        <button class="plain" aria-label={t('energy.chart.png', { title })} onClick={picture}>
          {t('charts.png')}
        </button>
      </div>
    </div>
  );
}
