/** The picked sensor: how it is, what it reads, and what it belongs to. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { flyToPlace } from '../cesium/camera';
import { stage } from '../cesium/open';
import { ApiError } from '../client/api';
import { getSensor, getSeries, MOST_SERIES } from '../client/readings';
import type { DatastreamInfo, SensorDetails, SensorInfo, SeriesPart } from '../client/sensorTypes';
import { dateTime, type Key, t } from '../i18n';
import { ago, duration, flagTerm, propertyTerm, readingText, stateTerm } from '../i18n/readings';
import { openAlerts } from '../state/alerts';
import { addToChart, isCharted, removeFromChart } from '../state/charts';
import { crowd, pickedSensor, pickSensor, readingNow, readingTime, sensors } from '../state/sensors';
import { language, selection, zone } from '../state/store';
import { type Fact, FactList } from './FactList';
import { Icon } from './icons';
import { KindSign } from './SensorSign';
import { Sparkline } from './Sparkline';

const DAY = 86_400_000;
const RANGE = 160;

/** Counts the seconds while it is shown, for ages; not while the shown time is another than the present. */
function useSeconds(): void {
  const tick = useSignal(0);
  void tick.value;
  useSignalEffect(() => {
    if (readingTime.value !== null) return undefined;
    const timer = setInterval(() => tick.value++, 1000);
    return () => clearInterval(timer);
  });
}

function Standing({ sensor }: { sensor: SensorInfo }) {
  useSeconds();
  const seen = sensor.last_seen;
  const heard =
    seen === null ? t('sensors.never') : t('sensors.seen', { ago: ago(seen, Math.max(seen, readingNow())) });
  const trouble = sensor.state === 'late' || sensor.state === 'silent';
  const alert = openAlerts.value.find((one) => one.thing === sensor.id);
  return (
    <div class={`standing ${sensor.state}`}>
      <p>
        <b>{stateTerm(sensor.state)}</b>
        {' · '}
        <span class={trouble ? 'problem' : 'quiet'}>{heard}</span>
      </p>
      {alert && sensor.state === 'alert' && <p>{alert.title[language.value]}</p>}
      {trouble && <p>{t(`sensors.warn.${sensor.state}` as Key)}</p>}
    </div>
  );
}

function Stream({ stream, part }: { stream: DatastreamInfo; part: SeriesPart | undefined }) {
  const shown = isCharted(stream.id);
  const name = propertyTerm(stream.property || stream.name);
  return (
    <li class="stream">
      <div>
        <span class="stream-name" title={stream.name}>
          {name}
        </span>
        <b>{readingText(stream.property, stream.value, stream.unit)}</b>
        {stream.time !== null && <small>{dateTime(stream.time, zone.value)}</small>}
      </div>
      <Sparkline part={part} />
      <button
        class="round small"
        aria-pressed={shown}
        aria-label={t(shown ? 'charts.remove' : 'charts.add', { series: name })}
        title={t(shown ? 'charts.remove' : 'charts.add', { series: name })}
        onClick={() => (shown ? removeFromChart(stream.id) : addToChart(stream.id))}
      >
        <Icon name="chart" size={16} />
      </button>
      {stream.flags.length > 0 && (
        <p class="flags">
          <Icon name="flag" size={14} />
          {stream.flags.map(flagTerm).join(', ')}
        </p>
      )}
    </li>
  );
}

/** The others that stood behind the picked symbol. */
function Crowd({ id }: { id: number }) {
  if (!crowd.value.includes(id) || crowd.value.length < 2) return null;
  const others = crowd.value.flatMap((other) => (other === id ? [] : (sensors.value.get(other) ?? [])));
  return (
    <details class="crowd">
      <summary>{t('sensors.crowd', { count: others.length })}</summary>
      <ul class="object-links">
        {others.slice(0, 100).map((other) => (
          <li key={other.id}>
            <button class="plain" onClick={() => pickSensor(other.id)}>
              <KindSign kind={other.kind} state={other.state} size={18} />
              <span>{other.name}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

export function flyToSensor(sensor: SensorInfo): void {
  const { longitude, latitude, height } = sensor;
  if (!stage.value || longitude === null || latitude === null) return;
  flyToPlace(stage.value, longitude, latitude, height ?? stage.value.city.home.height, RANGE);
}

function About({ details }: { details: SensorDetails }) {
  const { health } = details;
  const rows: Fact[] = [];
  if (details.description && details.description !== details.name) {
    rows.push([t('sensors.description'), details.description]);
  }
  if (health?.expected_interval_s) rows.push([t('sensors.interval'), duration(health.expected_interval_s)]);
  if (health?.battery != null) rows.push([t('sensors.battery'), readingText('', health.battery, '%')]);
  return <FactList as="facts" facts={rows} />;
}

export function SensorInspector() {
  const parts = useSignal<SeriesPart[]>([]);
  const details = useSignal<SensorDetails | null>(null);
  const failure = useSignal<string | null>(null);
  useSignalEffect(() => {
    const id = pickedSensor.value;
    const time = readingTime.value;
    failure.value = null;
    if (id === null) return undefined;
    if (details.peek()?.id !== id) {
      details.value = null;
      parts.value = [];
    }
    const abort = new AbortController();
    const to = time ?? Date.now();
    getSensor(id, time, abort.signal)
      .then((found) => {
        details.value = found;
        const datastreams = found.datastreams.slice(0, MOST_SERIES).map((stream) => stream.id);
        return getSeries({ datastreams, from: to - DAY, to: to + 1000, points: 120 }, abort.signal);
      })
      .then((answer) => (parts.value = answer.series))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) failure.value = error instanceof ApiError ? error.detail : String(error);
      });
    return () => abort.abort();
  });

  const id = pickedSensor.value;
  if (id === null) return null;
  const sensor = sensors.value.get(id) ?? (details.value?.id === id ? details.value : undefined);
  const objectId = sensor?.object_id;
  return (
    <aside class="panel inspector" aria-label={t('sensors.picked')} data-covers="right">
      <div class="panel-head">
        {sensor && <KindSign kind={sensor.kind} state={sensor.state} size={34} />}
        <div class="head-text">
          <h2>{sensor?.name ?? t('sensors.picked')}</h2>
          {sensor && <p class="quiet">{t(`sensors.kind.${sensor.kind}` as Key)}</p>}
        </div>
        <button
          class="round"
          aria-label={t('common.close')}
          title={t('common.close')}
          onClick={() => pickSensor(null)}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="panel-body" tabIndex={0}>
        {!sensor && (
          <p class={failure.value === null ? 'quiet' : 'problem'}>
            {failure.value === null
              ? t('inspector.loading')
              : t('sensors.error', { detail: failure.value || t('offline.title') })}
          </p>
        )}
        {sensor && (
          <>
            <Standing sensor={sensor} />
            <div class="actions">
              <button class="plain" onClick={() => flyToSensor(sensor)}>
                <Icon name="target" size={16} /> {t('inspector.zoom')}
              </button>
              {objectId && (
                <button class="plain" onClick={() => (selection.value = objectId)}>
                  <Icon name="cube" size={16} /> {t('sensors.object')}
                </button>
              )}
            </div>
            <section>
              <h3>{t('sensors.readings')}</h3>
              <ul class="streams">
                {sensor.datastreams.map((stream) => (
                  <Stream
                    key={stream.id}
                    stream={stream}
                    part={parts.value.find((part) => part.datastream === stream.id)}
                  />
                ))}
              </ul>
              {failure.value !== null && (
                <p class="problem">{t('sensors.error', { detail: failure.value || t('offline.title') })}</p>
              )}
            </section>
            {details.value?.id === id && <About details={details.value} />}
            <Crowd id={id} />
          </>
        )}
      </div>
    </aside>
  );
}
