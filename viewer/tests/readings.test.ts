/** Sensors and series: how readings change states, what overlaps, where lines are broken, what rules draw. */
import type { Anomaly } from '../src/client/sensorTypes';
import { episodesOf } from '../src/sensors/anomalies';
import { afterEach, expect, test, vi } from 'vitest';
import type { Alert, AlertRule, SensorInfo, SeriesAnswer, SeriesPart } from '../src/client/sensorTypes';
import { zoomed } from '../src/charts/plot';
import { ago, duration, propertyTerm, readingText } from '../src/i18n/readings';
import { freeLabels, thin } from '../src/sensors/cluster';
import { Latest } from '../src/sensors/latest';
import { findSensors, properties, withAlert, withReading, worst } from '../src/sensors/model';
import { appended, gapTimes, limitsOf, nearest, sparkPath, tableOf } from '../src/sensors/series';
import { readingOf, readingAttribute } from '../src/state/colouring';
import { hourRanges } from '../src/state/dayData';
import { gathered } from '../src/state/layerReadings';
import { language } from '../src/state/store';

afterEach(() => {
  language.value = 'en';
  vi.useRealTimers();
});

const SENSOR: SensorInfo = {
  id: 7,
  name: 'Gauge 7',
  kind: 'stream-level',
  longitude: 128.9,
  latitude: 35.1,
  height: 30,
  state: 'silent',
  last_seen: 1000,
  object_id: null,
  datastreams: [
    { id: 1, name: 'level', property: 'water level', unit: 'm', value: 1.2, time: 1000, flags: [] },
    {
      id: 2,
      name: 'temperature',
      property: 'water temperature',
      unit: '°C',
      value: 9,
      time: 1000,
      flags: [],
    },
  ],
};
const reading = { datastream: 1, thing: 7, time: 2000, value: 1.4, flags: [] as string[] };
const ALERT: Alert = {
  id: 3,
  rule: 'level',
  title: { en: 'High', ko: '높음' },
  severity: 'warning',
  state: 'raised',
  thing: 7,
  datastream: 1,
  object_id: null,
  value: 2,
  unit: 'm',
  threshold: 1.5,
  raised_at: 2000,
  acknowledged_at: null,
  cleared_at: null,
  history: [],
};

test('a reading wakes a silent sensor and shows its value', () => {
  const now = withReading(SENSOR, reading, 2500);
  expect(now.state).toBe('ok');
  expect(now.last_seen).toBe(2500);
  expect(now.datastreams.map((stream) => stream.value)).toEqual([1.4, 9]);
  expect(SENSOR.datastreams[0]!.value).toBe(1.2);
});

test('a doubtful reading makes the sensor doubtful until a good one comes; flags of delivery do not', () => {
  const doubtful = withReading(SENSOR, { ...reading, flags: ['range'] }, 2500);
  expect(doubtful.state).toBe('flagged');
  expect(withReading(doubtful, { ...reading, time: 3000 }, 3500).state).toBe('ok');
  expect(withReading(SENSOR, { ...reading, flags: ['gap', 'duplicate'] }, 2500).state).toBe('ok');
});

test('an old reading that comes late does not replace a newer one', () => {
  expect(withReading(SENSOR, { ...reading, time: 500 }, 2500).datastreams[0]!.value).toBe(1.2);
});

test('an alert stands above flags and readings until it and every other one has ended', () => {
  const alerting = withAlert(SENSOR, ALERT, false);
  expect(alerting.state).toBe('alert');
  expect(withReading(alerting, { ...reading, flags: ['range'] }, 2500).state).toBe('alert');
  expect(withAlert(alerting, { ...ALERT, state: 'cleared' }, true).state).toBe('alert');
  expect(withAlert(alerting, { ...ALERT, state: 'cleared' }, false).state).toBe('ok');
});

test('the end of an alert does not make a silent sensor well', () => {
  expect(withAlert(SENSOR, { ...ALERT, state: 'cleared' }, false).state).toBe('silent');
});

test('the worst of states, and none at all', () => {
  expect(worst(['ok', 'flagged', 'late'])).toBe('flagged');
  expect(worst([])).toBe('ok');
});

test('properties count places, not sensors', () => {
  const elsewhere = { ...SENSOR, id: 9, longitude: 128.95, datastreams: SENSOR.datastreams.slice(0, 1) };
  expect(properties([SENSOR, { ...SENSOR, id: 8 }, elsewhere])).toEqual([
    { name: 'water level', count: 2 },
    { name: 'water temperature', count: 1 },
  ]);
});

test('sensors are found by all words, of the name first', () => {
  const pump = { ...SENSOR, id: 8, name: 'Pump', state: 'alert' as const };
  const words = (sensor: SensorInfo) => sensor.datastreams.map((stream) => stream.property);
  expect(findSensors([pump, SENSOR], 'gauge', words).map(({ id }) => id)).toEqual([7]);
  expect(findSensors([SENSOR, pump], 'water level', words).map(({ id }) => id)).toEqual([8, 7]);
  expect(findSensors([SENSOR, pump], 'water ozone', words)).toEqual([]);
});

test('crowds keep the most urgent and lose nobody', () => {
  const placed = [
    { id: 1, x: 100, y: 100, weight: 0 },
    { id: 2, x: 110, y: 100, weight: 4 },
    { id: 3, x: 128, y: 100, weight: 0 },
    { id: 4, x: 300, y: 100, weight: 0 },
  ];
  const crowds = thin(placed, 34);
  expect(crowds.map(({ id, hidden }) => [id, hidden])).toEqual([
    [2, [1, 3]],
    [4, []],
  ]);
  const many = Array.from({ length: 500 }, (_, id) => ({
    id,
    x: (id * 37) % 400,
    y: (id * 91) % 300,
    weight: id % 3,
  }));
  const thinned = thin(many, 34);
  expect(thinned.reduce((sum, crowd) => sum + 1 + crowd.hidden.length, 0)).toBe(500);
  for (const a of thinned) {
    for (const b of thinned) if (a !== b) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThanOrEqual(34);
  }
});

test('labels cover neither symbols nor each other', () => {
  const labels = [
    { x: 100, y: 131, text: '1.2 m' },
    { x: 110, y: 135, text: '3.4 m' },
    { x: 300, y: 131, text: '5.6 m' },
    { x: 500, y: 131, text: '' },
  ];
  expect(freeLabels(labels, [{ x: 100, y: 100 }])).toEqual([0, 2]);
  expect(freeLabels(labels, [{ x: 300, y: 140 }])).toEqual([0]);
});

const part = (times: number[], values: (number | null)[], more: Partial<SeriesPart> = {}): SeriesPart => ({
  datastream: 1,
  name: 'level',
  unit: 'm',
  times,
  values,
  minimum: values,
  maximum: values,
  flags: [],
  ...more,
});

test('series share one axis; gaps are null, points of others undefined', () => {
  const answer: SeriesAnswer = {
    step: 'raw',
    series: [
      part([0, 10, 20, 100], [1, 2, 3, 4], { flags: [[2, 'range']] }),
      part([5, 15], [7, 8], { datastream: 2 }),
    ],
  };
  const { times, columns } = tableOf(answer);
  expect(times).toEqual([0, 5, 10, 15, 20, 21, 100]);
  expect(columns.map(({ kind, datastream }) => `${kind} ${datastream}`)).toEqual([
    'value 1',
    'flagged 1',
    'value 2',
    'flagged 2',
  ]);
  expect(columns[0]!.values).toEqual([1, undefined, 2, undefined, 3, null, 4]);
  expect(columns[1]!.values).toEqual([null, undefined, null, undefined, 3, null, null]);
  expect(columns[2]!.values).toEqual([undefined, 7, undefined, 8, undefined, undefined, undefined]);
});

test('means have a band, and an hour without readings breaks the line', () => {
  const hour = 3_600_000;
  const hourly = part([0, hour, 3 * hour], [1, 2, 3], { minimum: [0, 1, 2], maximum: [2, 3, 4] });
  const { times, columns } = tableOf({ step: 'hour', series: [hourly] });
  expect(columns.map(({ kind }) => kind)).toEqual(['value', 'minimum', 'maximum', 'flagged']);
  expect(times).toContain(hour + 1);
  expect(columns[2]!.values).toEqual([2, 3, null, 4]);
  expect(tableOf({ step: 'day', days: 2, series: [part([0, 48 * hour], [1, 2])] }).times).toHaveLength(2);
  expect(gapTimes([0, 1, 9], 3)).toEqual([2]);
});

test('a new reading goes to the end, an old one nowhere', () => {
  const longer = appended(part([0, 10], [1, 2]), 20, 3, ['rate']);
  expect([longer.times, longer.values, longer.flags]).toEqual([[0, 10, 20], [1, 2, 3], [[2, 'rate']]]);
  const known = part([0, 10], [1, 2]);
  expect(appended(known, 10, 3, [])).toBe(known);
  expect(appended(known, 20, 'text', [])).toBe(known);
});

test('the nearest time within reach', () => {
  expect(nearest([0, 10, 20], 12, 5)).toBe(1);
  expect(nearest([0, 10, 20], 40, 5)).toBeNull();
  expect(nearest([], 1, 5)).toBeNull();
});

test('rules draw their thresholds on the series that they mean', () => {
  const rule = (name: string, select: AlertRule['select'], value: number): AlertRule => ({
    name,
    title: { en: name, ko: name },
    severity: 'warning',
    enabled: true,
    select,
    condition: { kind: 'threshold', operator: '>=', value },
  });
  const level = rule('level', { property: 'Water Level', kind: 'stream-level' }, 1.5);
  const rules = [
    level,
    rule('other thing', { things: [1] }, 2),
    rule('area', { property: 'water level', area: { bbox: [0, 0, 1, 1] } }, 3),
    { ...rule('off', { property: 'water level' }, 4), enabled: false },
    {
      ...rule('both', null, 0),
      condition: {
        kind: 'combination' as const,
        parts: [{ select: { unit: 'm' }, condition: { kind: 'threshold' as const, value: 5 } }],
      },
    },
  ];
  const shown = SENSOR.datastreams.map((stream) => ({ sensor: SENSOR, stream }));
  expect(limitsOf(rules, shown).map(({ value, unit }) => [value, unit])).toEqual([
    [1.5, 'm'],
    [5, 'm'],
  ]);
  expect(limitsOf([level], [])).toEqual([]);
});

test('a spark line is broken at a gap and needs two numbers', () => {
  expect(sparkPath([0, 1, 2, 10, 11], [0, 1, 2, 3, 4], 10, 10).match(/M/g)).toHaveLength(2);
  expect(sparkPath([0], [1], 10, 10)).toBe('');
  expect(sparkPath([0, 1], [5, 5], 10, 10)).toBe('M0.0 5.0L10.0 5.0');
});

test('zooming keeps the place under the cursor', () => {
  const hour = 3_600_000;
  const [from, to] = zoomed(0, 10 * hour, 0.5, 0.2);
  expect(from + (to - from) * 0.2).toBeCloseTo(2 * hour);
  expect(to - from).toBe(5 * hour);
  expect(zoomed(0, 100_000, 0.001, 0.5)[1] - zoomed(0, 100_000, 0.001, 0.5)[0]).toBe(60_000);
});

test('hours that touch are one range of the day', () => {
  const hour = 3_600_000;
  expect(hourRanges([0, hour, 6 * hour, 30 * hour], 0)).toEqual([
    [0, 2 / 24],
    [6 / 24, 7 / 24],
  ]);
});

test('the range of colours only grows while the property stays', () => {
  const values = (property: string, least: number, most: number) => ({
    property,
    unit: 'm',
    time: 0,
    ids: ['a', 'b'],
    values: [least, null],
    ages: [1, 1],
    minimum: least,
    maximum: most,
  });
  const first = gathered(values('level', 2, 4), null);
  expect([...first.byId]).toEqual([['a', 2]]);
  expect(gathered(values('level', 3, 6), first).range).toEqual([2, 6]);
  expect(gathered(values('other', 3, 6), first).range).toEqual([3, 6]);
  expect(gathered(values('other', 3, 3), null).range).toEqual([3, 4]);
});

test('a classification says whether readings colour it', () => {
  expect(readingOf(readingAttribute('water level'))).toBe('water level');
  expect(readingOf('measuredHeight')).toBeNull();
  expect(readingOf(undefined)).toBeNull();
});

test('readings, ages and properties are written in the language', () => {
  expect(readingText('', 1.25, 'm3/s')).toBe('1.25 m³/s');
  expect(readingText('', null, 'm')).toBe('no value');
  expect(ago(0, 12_000)).toBe('12 sec. ago');
  expect(ago(0, 3 * 3_600_000)).toBe('3 hr. ago');
  expect(duration(300)).toBe('5 min');
  expect(propertyTerm('Water Level')).toBe('Water level');
  expect(propertyTerm('something else')).toBe('something else');
  language.value = 'ko';
  expect(ago(0, 12_000)).toBe('12초 전');
  expect(propertyTerm('water level')).toBe('수위');
});

test('a task runs once at a time, for the newest argument', async () => {
  vi.useFakeTimers();
  const ran: number[] = [];
  const latest = new Latest<number>(async (argument) => {
    ran.push(argument);
    await new Promise((done) => setTimeout(done, 100));
  }, 50);
  latest.ask(1);
  latest.ask(2);
  latest.ask(3);
  await vi.advanceTimersByTimeAsync(1000);
  expect(ran).toEqual([1, 3]);
  latest.ask(4);
  latest.ask(5);
  latest.stop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(ran).toEqual([1, 3, 4]);
});

const hour = (datastream: number, at: number, z: number): Anomaly => ({
  datastream,
  time: at * 3_600_000,
  value: z,
  z,
  median: 0,
  expected: [-1, 1],
  basis: 'week',
});

test('anomalous hours in a row are one episode, the furthest first', () => {
  const found = episodesOf([hour(1, 5, 7), hour(1, 4, 4), hour(2, 5, -20), hour(1, 6, -5), hour(1, 9, 6)]);
  expect(found.map(({ furthest, from, to }) => [furthest.datastream, furthest.z, from, to])).toEqual(
    [
      [2, -20, 5, 6],
      [1, 7, 4, 6],
      [1, 6, 9, 10],
      [1, -5, 6, 7],
    ].map(([id, z, from, to]) => [id, z, from! * 3_600_000, to! * 3_600_000]),
  );
});
