/** The bottom bar: one day on a slider, with the light of the sun behind it. */
import { useComputed } from '@preact/signals';
import { sun } from '../cesium/light';
import { clockTime, number, t } from '../i18n';
import { showNow, showTime } from '../state/actions';
import { alertMarks, dataRanges } from '../state/dayData';
import { hasSensors } from '../state/sensors';
import { city, instant, language, live, sheet, speed, staged, zone } from '../state/store';
import { fromLocal, toLocal, zoneName } from '../state/zone';
import { daylightMinutes } from '../sun/position';
import { Icon } from './icons';

/** Minutes of the shown day per second. */
const SPEEDS = [5, 15, 60];
const DAY_MINUTES = 1440;

function setLocal(date: string, minute: number): void {
  if (date) showTime(fromLocal(date, minute, zone.value));
}

function Speed() {
  const minutes = Math.round(speed.value / 60);
  const next = SPEEDS[(SPEEDS.indexOf(minutes) + 1) % SPEEDS.length]!;
  return (
    <button
      class="plain"
      aria-label={t('time.speed')}
      title={t('time.speed')}
      onClick={() => (speed.value = next * 60)}
    >
      {t('time.speed.value', { minutes })}
    </button>
  );
}

const percent = (share: number) => `${(share * 100).toFixed(2)}%`;

/** Below the day: which hours have readings, and when alerts were raised. */
function Marks() {
  if (!hasSensors.value) return null;
  return (
    <div class="marks" role="img" aria-label={t('time.marks', { count: dataRanges.value.length })}>
      {dataRanges.value.map(([from, to]) => (
        <i key={from} style={{ left: percent(from), width: percent(to - from) }} />
      ))}
      {alertMarks.value.map(({ id, share, severity }) => (
        <b key={id} class={severity} style={{ left: percent(share) }} />
      ))}
    </div>
  );
}

export function TimeBar() {
  const local = useComputed(() => toLocal(instant.value, zone.value));
  const dayMinutes = useComputed(() => {
    const home = city.value?.home;
    return home ? daylightMinutes(fromLocal(local.value.date, 0, zone.value), home.lon, home.lat) : null;
  });
  if (!city.value?.home) return null;
  const { date, minute } = local.value;
  const [rise, set] = dayMinutes.value ?? [0, 0];
  const share = (at: number) => `${((at / DAY_MINUTES) * 100).toFixed(2)}%`;
  const clock = clockTime(instant.value, zone.value);
  const zoneText = zoneName(instant.value, zone.value, language.value);
  const elevation = sun.value.elevation;
  const sunText = elevation > -0.8 ? t('time.sun', { elevation: number(elevation, 0) }) : t('time.night');
  const playing = speed.value !== 0;
  const playLabel = t(playing ? 'time.pause' : 'time.play');
  return (
    <section
      class={`panel time ${sheet.value === 'time' ? 'sheet-open' : ''}`}
      aria-label={t('time.title')}
      data-covers="bottom"
    >
      <div class="time-row">
        <button
          class="round accent"
          aria-label={playLabel}
          title={playLabel}
          onClick={() => {
            if (!playing) showTime(instant.value);
            speed.value = playing ? 0 : SPEEDS[1]! * 60;
          }}
        >
          <Icon name={playing ? 'pause' : 'play'} />
        </button>
        <output class="clock">
          <b>{clock}</b> <span>{zoneText}</span>
        </output>
        <div class="day" style={{ '--rise': share(rise), '--set': share(set), '--now': share(minute) }}>
          <input
            type="range"
            min="0"
            max={DAY_MINUTES - 1}
            step="1"
            aria-label={t('time.slider')}
            aria-valuetext={`${clock} ${zoneText}, ${sunText}`}
            value={minute}
            onInput={(event) => setLocal(date, Number(event.currentTarget.value))}
          />
          <Marks />
        </div>
        <span class="sun-text" title={sunText}>
          <Icon name={elevation > -0.8 ? 'sun' : 'moon'} size={16} />
          {elevation > -0.8 && `${number(elevation, 0)}°`}
        </span>
        {playing && <Speed />}
        <input
          type="date"
          aria-label={t('time.date')}
          value={date}
          onChange={(event) => setLocal(event.currentTarget.value, minute)}
        />
        <button class={`plain now ${live.value ? 'live' : ''}`} aria-pressed={live.value} onClick={showNow}>
          {t(live.value && hasSensors.value ? 'time.live' : 'time.now')}
        </button>
      </div>
    </section>
  );
}

/** Says that the light is not the present one, and offers it. */
export function StagedNote() {
  if (!staged.value || !city.value) return null;
  return (
    <p class="panel time-note">
      <span>{t('time.staged', { clock: clockTime(Date.now(), zone.value) })}</span>
      <button class="plain" onClick={showNow}>
        {t('time.staged.now')}
      </button>
      <button class="round small" aria-label={t('common.close')} onClick={() => (staged.value = false)}>
        <Icon name="close" size={14} />
      </button>
    </p>
  );
}
