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
import { Icon } from './icons';

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
  const modes = [
    { id: 'time', label: t('flood.mode.time') },
    { id: 'maximum', label: t('flood.mode.maximum') },
  ] as const;
  return (
    <div class="choices" role="radiogroup" aria-label={t('flood.mode')}>
      {modes.map(({ id, label }) => (
        <label key={id}>
          <input
            type="radio"
            name="flood-mode"
            checked={view.mode === id}
            onChange={() => {
              playFlood(false);
              changeFlood({ mode: id });
            }}
          />
          <span>{label}</span>
        </label>
      ))}
    </div>
  );
}

function Row({ view }: { view: FloodView }) {
  const expanded = useSignal(true);
  const job = jobs.value.find((one) => one.jobID === view.run);
  const title = job ? processTitle(job.processID) : t('flood.title');
  return (
    <div class={`layer ${view.visible ? '' : 'layer-off'}`}>
      <div class="layer-row">
        <span class="grip" />
        <button
          class="round small"
          role="switch"
          aria-checked={view.visible}
          aria-label={t('layers.show', { layer: title })}
          onClick={() => {
            playFlood(false);
            changeFlood({ visible: !view.visible });
          }}
        >
          <Icon name={view.visible ? 'eye' : 'eyeOff'} size={17} />
        </button>
        <button
          class="layer-name"
          aria-expanded={expanded.value}
          aria-label={t('layers.details', { layer: title })}
          onClick={() => (expanded.value = !expanded.value)}
        >
          <span>{title}</span>
          <span class="layer-count">
            {floodLoading.value
              ? t('layers.loading')
              : job?.created && dateTime(Date.parse(job.created), zone.value)}
          </span>
          <Icon name="chevron" size={14} />
        </button>
      </div>
      {floodError.value !== null && (
        <p class="layer-trouble problem" role="alert">
          {t('flood.error', { detail: floodError.value || t('offline.title') })}
        </p>
      )}
      {water.value && view.visible && <Player />}
      {expanded.value && (
        <div class="layer-details">
          <Modes view={view} />
          <DepthLegend />
          <label class="field">
            <span>{t('layers.opacity.short')}</span>
            <input
              type="range"
              min="10"
              max="100"
              step="5"
              aria-label={t('layers.opacity', { layer: title })}
              value={Math.round(view.opacity * 100)}
              onInput={(event) => changeFlood({ opacity: Number(event.currentTarget.value) / 100 })}
            />
          </label>
          {buildingValues.value.size > 0 && (
            <label class="field">
              <span>{t('flood.colour')}</span>
              <select
                value={buildingsColouredBy.value ?? ''}
                onChange={(event) =>
                  colourBuildings((event.currentTarget.value || null) as BuildingValue | null)
                }
              >
                <option value="">{t('layers.colour.none')}</option>
                {buildingValues.value.has('depth') && <option value="depth">{t('flood.value.depth')}</option>}
                {buildingValues.value.has('damage') && (
                  <option value="damage">{t('flood.value.damage')}</option>
                )}
              </select>
            </label>
          )}
          <button class="plain" onClick={hideFlood}>
            <Icon name="close" size={15} /> {t('flood.remove')}
          </button>
        </div>
      )}
    </div>
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
