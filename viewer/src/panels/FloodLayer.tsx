/** The flood among the layers: its time with a slider of its own, how it is drawn, and its legend. */
import { useSignal } from '@preact/signals';
import { dateTime, number, t, withUnit } from '../i18n';
import { depthGradient } from '../flood/grid';
import { clockOf } from '../runs/text';
import {
  type BuildingValue,
  buildingsColouredBy,
  buildingValues,
  changeFlood,
  colourBuildings,
  FLOOD_SPEEDS,
  floodError,
  floodLoading,
  type FloodMode,
  floodPlaying,
  floodSpeed,
  floodTime,
  type FloodView,
  floodView,
  hideFlood,
  moveFlood,
  playFlood,
  water,
} from '../state/flood';
import { jobs, processTitle } from '../state/runs';
import { language, zone } from '../state/store';
import { FigureLegend } from './FigureLegend';
import { Icon } from './icons';
import { ChoiceField, LayerFrame, OpacityField } from './LayerFrame';
import { SewerLayer } from './SewerLayer';
import { WarningLayer } from './WarningLayer';

const STEPS = 500;

export function DepthLegend() {
  const file = water.value?.file;
  if (!file) return null;
  const { title, unit, stops } = file.legend;
  return (
    <figure class="legend">
      <figcaption>{withUnit(title[language.value], `[${unit}]`)}</figcaption>
      <div class="ramp" style={{ background: depthGradient(stops) }} />
      <div class="ramp-ends">
        {stops.map((stop) => (
          <span key={stop}>{number(stop)}</span>
        ))}
      </div>
      <p class="quiet">{t('flood.legend.dry', { depth: withUnit(number(stops[0] ?? 0), unit) })}</p>
    </figure>
  );
}

function Player() {
  const whole = water.value?.duration ?? 0;
  const playing = floodPlaying.value;
  const label = t(playing ? 'flood.pause' : 'flood.play');
  const clock = clockOf(floodTime.value, whole);
  const next = FLOOD_SPEEDS[(FLOOD_SPEEDS.indexOf(floodSpeed.value as 60) + 1) % FLOOD_SPEEDS.length]!;
  return (
    <div class="player">
      <button class="round accent" aria-label={label} title={label} onClick={() => playFlood(!playing)}>
        <Icon name={playing ? 'pause' : 'play'} />
      </button>
      <input
        type="range"
        min={0}
        max={whole}
        step={whole / STEPS || 1}
        aria-label={t('flood.time')}
        aria-valuetext={t('flood.time.value', { clock, whole: clockOf(whole, whole) })}
        value={floodTime.value}
        onInput={(event) => {
          playFlood(false);
          changeFlood({ mode: 'time' });
          moveFlood(event.currentTarget.valueAsNumber);
        }}
      />
      <output>{clock}</output>
      <button
        class="plain"
        aria-label={t('flood.speed')}
        title={t('flood.speed')}
        onClick={() => (floodSpeed.value = next)}
      >
        {t('flood.speed.value', { minutes: floodSpeed.value / 60 })}
      </button>
    </div>
  );
}

function Modes({ view }: { view: FloodView }) {
  const figures = water.value?.file.layers ?? [];
  return (
    <ChoiceField<FloodMode>
      label={t('flood.mode')}
      value={view.mode}
      choices={[
        { value: 'time', label: t('flood.mode.time') },
        { value: 'maximum', label: t('flood.mode.maximum') },
        ...figures.map(({ name, legend }) => ({ value: name, label: legend.title[language.value] })),
      ]}
      change={(mode) => {
        playFlood(false);
        changeFlood({ mode });
      }}
    />
  );
}

function Buildings() {
  const known = buildingValues.value;
  if (known.size === 0) return null;
  const names: BuildingValue[] = ['depth', 'damage'];
  return (
    <ChoiceField<BuildingValue | ''>
      label={t('flood.colour')}
      value={buildingsColouredBy.value ?? ''}
      choices={[
        { value: '', label: t('layers.colour.none') },
        ...names
          .filter((name) => known.has(name))
          .map((name) => ({ value: name, label: t(`flood.value.${name}`) })),
      ]}
      change={(value) => colourBuildings(value || null)}
    />
  );
}

function Row({ view }: { view: FloodView }) {
  const expanded = useSignal(true);
  const job = jobs.value.find((one) => one.jobID === view.run);
  const title = job ? processTitle(job.processID) : t('flood.title');
  const figure = water.value?.figureOf(view.mode);
  return (
    <LayerFrame
      title={title}
      visible={view.visible}
      toggle={() => {
        playFlood(false);
        changeFlood({ visible: !view.visible });
      }}
      state={
        floodLoading.value
          ? t('layers.loading')
          : job?.created && dateTime(Date.parse(job.created), zone.value)
      }
      expanded={expanded}
      below={
        <>
          {floodError.value !== null && (
            <p class="layer-trouble problem" role="alert">
              {t('flood.error', { detail: floodError.value || t('offline.title') })}
            </p>
          )}
          {water.value && view.visible && <Player />}
        </>
      }
    >
      {water.value && (
        <>
          <Modes view={view} />
          {figure ? <FigureLegend figure={figure} /> : <DepthLegend />}
          <OpacityField title={title} opacity={view.opacity} change={(opacity) => changeFlood({ opacity })} />
        </>
      )}
      <Buildings />
      <SewerLayer view={view} />
      <WarningLayer />
      <button class="plain" onClick={hideFlood}>
        <Icon name="close" size={15} /> {t('flood.remove')}
      </button>
    </LayerFrame>
  );
}

export function FloodLayer() {
  const view = floodView.value;
  if (!view) return null;
  return (
    <section>
      <h3>{t('layers.group.runs')}</h3>
      <Row view={view} />
    </section>
  );
}
