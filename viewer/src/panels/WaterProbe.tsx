/** The water at the clicked place: how deep, how dangerous, when it comes and for how long, and its course. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { type Figure, gradeOf, legendColours } from '../flood/figures';
import { type Cell, framesAt } from '../flood/grid';
import { number, t, withUnit } from '../i18n';
import { clockOf } from '../runs/text';
import { floodTime, floodView, probe, water } from '../state/flood';
import { detailOf } from '../state/runs';
import { pickedSensor } from '../state/sensors';
import { language, selection } from '../state/store';
import { figureText } from './FigureLegend';
import { type Fact, placeText, ProbePanel } from './ProbePanel';
import { RunChart } from './RunChart';

const depthText = (depth: number) => withUnit(number(depth, 2), 'm');

/** A figure's value; a grade with its colour and its words. */
function FigureValue({ figure, value, whole }: { figure: Figure; value: number; whole: number }) {
  const { classes } = figure.legend;
  const text = figureText(figure, value, whole);
  if (!classes || Number.isNaN(value)) return <>{text}</>;
  const grade = gradeOf(classes, value);
  return (
    <>
      {text}
      <small class="grade">
        <i class="swatch" style={{ background: legendColours(figure)[grade] }} />
        {classes[grade]!.title[language.value]}
      </small>
    </>
  );
}

interface Course {
  depths: number[];
  /** Values of the file's figures, in their order. */
  figures: number[];
}

function Body({ at }: { at: Cell & { longitude: number; latitude: number } }) {
  const course = useSignal<Course | null>(null);
  const error = useSignal<string | null>(null);
  useSignalEffect(() => {
    const shown = water.value;
    let stopped = false;
    course.value = error.value = null;
    if (!shown) return undefined;
    const figures = Promise.all((shown.file.layers ?? []).map((figure) => shown.figureAt(figure, at)));
    Promise.all([shown.series(at), figures])
      .then(([depths, values]) => !stopped && (course.value = { depths, figures: values }))
      .catch((problem: unknown) => !stopped && (error.value = detailOf(problem)));
    return () => {
      stopped = true;
    };
  });
  const shown = water.value;
  if (!shown) return null;
  const { times, layers = [] } = shown.file;
  const found = course.value;
  const { before, after, share } = framesAt(times, floodTime.value);
  const facts: Fact[] = [[t('flood.deepest'), depthText(shown.maximumAt(at))]];
  if (found) {
    const now = found.depths[before]! * (1 - share) + found.depths[after]! * share;
    facts.push([t('flood.probe.now', { clock: clockOf(floodTime.value, shown.duration) }), depthText(now)]);
    layers.forEach((figure, index) =>
      facts.push([
        figure.legend.title[language.value],
        <FigureValue figure={figure} value={found.figures[index]!} whole={shown.duration} />,
      ]),
    );
  }
  return (
    <ProbePanel title={t('flood.probe')} place={placeText(at)} facts={facts}>
      {error.value !== null && (
        <p class="problem" role="alert">
          {t('flood.error', { detail: error.value || t('offline.title') })}
        </p>
      )}
      {found ? (
        <RunChart title={t('flood.value.depth')} times={times} values={found.depths} unit="m" />
      ) : (
        error.value === null && <p class="quiet">{t('layers.loading')}</p>
      )}
    </ProbePanel>
  );
}

export function WaterProbe() {
  const at = probe.value;
  if (at?.kind !== 'water' || !floodView.value?.visible) return null;
  if (selection.value !== null || pickedSensor.value !== null) return null;
  return <Body key={`${at.row} ${at.column}`} at={at} />;
}
