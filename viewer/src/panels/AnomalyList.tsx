/** Hours that are unlike the same hour of earlier weeks, the furthest from what is usual first. */
import { computed, signal } from '@preact/signals';
import { zoomRange } from '../charts/data';
import { getAnomalies } from '../client/readings';
import { type Key, number, t, timeRange, withUnit } from '../i18n';
import { duration, propertyTerm, readingText } from '../i18n/readings';
import { type Episode, episodesOf } from '../sensors/anomalies';
import { addToChart, streams } from '../state/charts';
import { crowd, pickSensor, sensors } from '../state/sensors';
import { zone } from '../state/store';
import { ListState, useListed } from './DeviceList';
import { Icon } from './icons';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Means of whole hours need no more [ms]. */
const EVERY_MS = 300_000;
const MOST_SHOWN = 200;
/** Days to look back; the first stands for the latest day of each datastream, however old it is. */
const PERIODS = [1, 7, 30] as const;
/**
 * Usual deviations: the server's threshold (Iglewicz and Hoaglin 1993), beyond which one ordinary hour in a
 * hundred lies as well (see `twin/anomalies.py`), and two stricter ones of our own.
 */
const THRESHOLDS = [3.5, 6, 12] as const;

const days = signal<number>(PERIODS[0]);
const threshold = signal<number>(THRESHOLDS[1]);

/** When anything was last read, at the latest now. */
const newest = computed(() => {
  const times = [...sensors.value.values()].flatMap((one) => one.datastreams.map(({ time }) => time ?? 0));
  return Math.min(Date.now(), times.reduce((latest, time) => Math.max(latest, time), 0) || Date.now());
});

/** Picks the sensor and has its readings in the chart, with a day around the episode. */
function show({ furthest, from, to }: Episode): void {
  const known = streams.value.get(furthest.datastream);
  if (!known) return;
  addToChart(furthest.datastream);
  zoomRange.value = [from - 12 * HOUR, to + 12 * HOUR];
  crowd.value = [];
  pickSensor(known.sensor.id);
}

function Item({ episode }: { episode: Episode }) {
  const { furthest, from, to } = episode;
  const known = streams.value.get(furthest.datastream);
  const unit = known?.stream.unit ?? '';
  const [low, high] = furthest.expected;
  const far = {
    times: number(Math.abs(furthest.z), 1),
    usual: t(`anomalies.basis.${furthest.basis}` as Key),
  };
  return (
    <li class="flagged anomaly">
      <button class="sensor-line" disabled={!known} onClick={() => show(episode)}>
        <Icon name={furthest.z > 0 ? 'above' : 'below'} size={17} />
        <span>
          {known ? `${known.sensor.name} · ${propertyTerm(known.stream.property || known.stream.name)}` : ''}
          <small>
            <b>{readingText('', furthest.value, unit)}</b>{' '}
            {t('anomalies.expected', { low: number(low), high: withUnit(number(high), unit) })}
          </small>
          <small>{t(furthest.z > 0 ? 'anomalies.above' : 'anomalies.below', far)}</small>
          <small>{timeRange(from, to, zone.value)}</small>
        </span>
      </button>
    </li>
  );
}

function Choices() {
  return (
    <div class="anomaly-choices">
      <label class="field">
        <span>{t('anomalies.period')}</span>
        <select value={days.value} onChange={(event) => (days.value = Number(event.currentTarget.value))}>
          {PERIODS.map((length) => (
            <option key={length} value={length}>
              {length === 1 ? t('anomalies.latest') : duration((length * DAY) / 1000)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t('anomalies.threshold')}</span>
        <select
          value={threshold.value}
          onChange={(event) => (threshold.value = Number(event.currentTarget.value))}
        >
          {THRESHOLDS.map((least) => (
            <option key={least} value={least}>
              {t('anomalies.beyond', { times: number(least) })}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

export function AnomalyList() {
  const { items, failure } = useListed(
    (abort) =>
      getAnomalies(days.value === 1 ? null : newest.peek() - days.value * DAY, threshold.value, abort),
    { every: EVERY_MS, on: [days.value, threshold.value] },
  );
  const episodes = episodesOf(items.value ?? []);
  const empty =
    items.value === null ? t('inspector.loading') : episodes.length === 0 ? t('anomalies.none') : null;
  return (
    <>
      <Choices />
      <ListState failure={failure.value} empty={failure.value === null ? empty : null} />
      {episodes.length > MOST_SHOWN && (
        <p class="quiet">
          {t('anomalies.most', { shown: number(MOST_SHOWN), all: number(episodes.length) })}
        </p>
      )}
      <ul class="object-sensors">
        {episodes.slice(0, MOST_SHOWN).map((episode) => (
          <Item key={`${episode.furthest.datastream} ${episode.from}`} episode={episode} />
        ))}
      </ul>
    </>
  );
}
