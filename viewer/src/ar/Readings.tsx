/** Sensors with their state, latest values and the course of the last day, asked for anew while they are shown. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getSeries, MOST_SERIES } from '../client/readings';
import type { SensorInfo, SeriesPart } from '../client/sensorTypes';
import { t } from '../i18n';
import { ago, propertyTerm, readingText, stateTerm } from '../i18n/readings';
import { KindSign } from '../panels/SensorSign';
import { Sparkline } from '../panels/Sparkline';

const EVERY_MS = 5000;
const DAY_MS = 86_400_000;
const POINTS = 96;

interface Props {
  /** What the readings belong to; asked for again when it changes. */
  of: string;
  given: SensorInfo[];
  ask: (abort: AbortSignal) => Promise<SensorInfo[]>;
}

export function Readings({ of, given, ask }: Props) {
  const found = useSignal(given);
  const day = useSignal<Map<number, SeriesPart>>(new Map());
  useEffect(() => {
    found.value = given;
    const abort = new AbortController();
    const refresh = async () => {
      found.value = await ask(abort.signal).catch(() => found.value);
      const datastreams = found.value.flatMap((sensor) => sensor.datastreams.map(({ id }) => id));
      if (datastreams.length === 0) return;
      const now = Date.now();
      const asked = {
        datastreams: datastreams.slice(0, MOST_SERIES),
        from: now - DAY_MS,
        to: now,
        points: POINTS,
      };
      const answer = await getSeries(asked, abort.signal).catch(() => null);
      if (answer) day.value = new Map(answer.series.map((part) => [part.datastream, part]));
    };
    void refresh();
    const timer = setInterval(() => void refresh(), EVERY_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [of]);
  if (found.value.length === 0) return null;
  return (
    <section class="readings">
      <h3>{t('sensors.title')}</h3>
      {found.value.map((sensor) => (
        <div key={sensor.id} class="sensor">
          <p class="sensor-name">
            <KindSign kind={sensor.kind} state={sensor.state} />
            <b>{sensor.name}</b>
            <small>{stateTerm(sensor.state)}</small>
          </p>
          <ul>
            {sensor.datastreams.map((stream) => (
              <li key={stream.id} class="reading">
                <span>
                  <small>{propertyTerm(stream.property)}</small>
                  <b>{readingText(stream.property, stream.value, stream.unit)}</b>
                  {stream.time !== null && <small>{ago(stream.time, Date.now())}</small>}
                </span>
                <Sparkline part={day.value.get(stream.id)} />
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
