/** A value of a run over its time, drawn by the same chart as readings. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { chartColours, lookOf } from '../charts/look';
import { Plot } from '../charts/plot';
import { number, t, withUnit } from '../i18n';
import { clockOf } from '../runs/text';
import { language, theme } from '../state/store';

const STREAM = 1;

interface Props {
  /** What is drawn, for those who do not see it. */
  title: string;
  /** [s since the start] */
  times: number[];
  values: number[];
  unit: string;
  digits?: number;
}

export function RunChart({ title, times, values, unit, digits = 2 }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const row = useSignal<number | null>(null);
  const plot = useRef<Plot | null>(null);
  const whole = times.at(-1) ?? 0;
  useSignalEffect(() => {
    const colour = chartColours(theme.value)[0]!;
    void language.value;
    const made = new Plot(
      box.current!,
      {
        table: {
          times: times.map((time) => time * 1000),
          columns: [{ kind: 'value', datastream: STREAM, values }],
        },
        streams: new Map([[STREAM, { unit, colour }]]),
        units: [unit],
        limits: [],
        look: lookOf(theme.value),
        range: [0, whole * 1000],
        axisLabel: () => withUnit('', unit).trim(),
        zone: 'UTC',
        tickTime: (time) => clockOf(time / 1000, whole),
        tickValue: (value) => number(value),
      },
      { hover: (index) => (row.value = index), zoomed: () => undefined },
    );
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  });
  useEffect(() => {
    const observer = new ResizeObserver(() => plot.current?.resize());
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const at = row.value;
  return (
    <>
      <div
        ref={box}
        class="run-chart"
        role="application"
        tabIndex={0}
        aria-label={t('runs.chart', { title })}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
          if (step === 0) return;
          event.preventDefault();
          plot.current?.step(step);
        }}
      />
      <p class="quiet run-chart-at" aria-live="polite">
        {at === null
          ? t('runs.chart.axis')
          : `${clockOf(times[at]!, whole)} · ${withUnit(number(values[at]!, digits), unit)}`}
      </p>
    </>
  );
}
