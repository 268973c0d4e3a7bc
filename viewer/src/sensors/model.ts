/** Sensors as they change with each reading and alert. */
import {
  type Alert,
  type ReadingEvent,
  type SensorInfo,
  type SensorState,
  STATES,
} from '../client/sensorTypes';

/** Flags that make a reading doubtful; the others tell of its delivery. */
const DOUBTFUL = new Set(['range', 'rate', 'stuck', 'clock']);

export const isDoubtful = (flags: string[]) => flags.some((flag) => DOUBTFUL.has(flag));

export const urgency = (state: SensorState) => STATES.indexOf(state);

export const worst = (states: Iterable<SensorState>): SensorState =>
  [...states].reduce<SensorState>((found, state) => (urgency(state) > urgency(found) ? state : found), 'ok');

export const isOpen = (alert: Alert) => alert.state !== 'cleared';

/** How a sensor that is heard of is, by its readings and by whether an alert is open for it. */
function stateOf(sensor: SensorInfo, alerting: boolean): SensorState {
  if (alerting) return 'alert';
  return sensor.datastreams.some((stream) => isDoubtful(stream.flags)) ? 'flagged' : 'ok';
}

/** The sensor after a reading; one that is older than what is known changes only when it was last heard of. */
export function withReading(sensor: SensorInfo, reading: ReadingEvent, now: number): SensorInfo {
  const datastreams = sensor.datastreams.map((stream) =>
    stream.id === reading.datastream && reading.time >= (stream.time ?? -Infinity)
      ? { ...stream, value: reading.value, time: reading.time, flags: reading.flags }
      : stream,
  );
  const changed = { ...sensor, datastreams, last_seen: Math.max(sensor.last_seen ?? 0, now) };
  return { ...changed, state: stateOf(changed, sensor.state === 'alert') };
}

/** The sensor after an alert for it was raised or cleared; `others` says whether another one is open. */
export function withAlert(sensor: SensorInfo, alert: Alert, others: boolean): SensorInfo {
  const state = stateOf(sensor, isOpen(alert) || others);
  if (state === 'ok' && (sensor.state === 'late' || sensor.state === 'silent')) return sensor;
  return { ...sensor, state };
}

/** The value that stands for a sensor: of its first datastream with a number. */
export const mainStream = (sensor: SensorInfo) =>
  sensor.datastreams.find((stream) => typeof stream.value === 'number') ?? sensor.datastreams[0];

/** Observed properties of some sensors, with how many places observe each, the most frequent first. */
export function properties(sensors: Iterable<SensorInfo>): { name: string; count: number }[] {
  const places = new Map<string, Set<string>>();
  for (const sensor of sensors) {
    for (const { property } of sensor.datastreams) {
      if (!property) continue;
      const known = places.get(property) ?? new Set();
      known.add(`${sensor.longitude},${sensor.latitude}`);
      places.set(property, known);
    }
  }
  return [...places]
    .map(([name, at]) => ({ name, count: at.size }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

/** Sensors whose name, kind or property has the words, best first. */
export function findSensors(
  sensors: Iterable<SensorInfo>,
  text: string,
  words: (sensor: SensorInfo) => string[],
): SensorInfo[] {
  const wanted = text.trim().toLowerCase().split(/\s+/);
  const found: { sensor: SensorInfo; rank: number }[] = [];
  for (const sensor of sensors) {
    const name = sensor.name.toLowerCase();
    const all = [name, ...words(sensor)].join(' ').toLowerCase();
    if (!wanted.every((word) => all.includes(word))) continue;
    const rank = name.startsWith(wanted[0]!) ? 0 : wanted.every((word) => name.includes(word)) ? 1 : 2;
    found.push({ sensor, rank: rank * 10 - urgency(sensor.state) });
  }
  return found.sort((a, b) => a.rank - b.rank).map(({ sensor }) => sensor);
}
