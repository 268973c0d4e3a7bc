/** A link gives back the view that it was made of, and a broken one does no harm. */
import { expect, test } from 'vitest';
import { readHash, type ViewState, writeHash } from '../src/state/share';

const VIEW: ViewState = {
  camera: { lon: 128.930598, lat: 35.125, height: 150.5, heading: 340.2, pitch: -22 },
  instant: Date.UTC(2026, 10, 22, 5, 20),
  layers: [
    {
      id: 'buildings',
      visible: true,
      opacity: 0.55,
      classification: { attribute: 'measuredHeight', ramp: 'viridis', range: [-2.5, 90] },
    },
    { id: 'odd~id!&=건물', visible: false, opacity: 1, classification: null },
    {
      id: 'roads',
      visible: true,
      opacity: 1,
      classification: { attribute: 'class_2', ramp: 'batlow', range: null },
    },
  ],
  selection: 'DEBY_LOD2 #1/a&b',
  language: 'ko',
  theme: 'dark',
  underground: true,
  baseMap: 'none',
  sensor: 1234,
  sensorView: { visible: true, labels: false, hidden: new Set(['meter', 'hydrant']) },
  field: { property: 'PM2.5', method: 'idw', part: 'uncertainty' },
  chart: { series: [5, 12], hours: 168 },
  sidePanel: 'alerts',
};

test('a view survives its link', () => {
  expect(readHash(writeHash(VIEW))).toEqual(VIEW);
});

test('ids with the separators of the link survive it', () => {
  const state: ViewState = { layers: [{ id: 'a~b!c', visible: true, opacity: 1, classification: null }] };
  expect(readHash(writeHash(state)).layers).toEqual(state.layers);
});

test('the link is short', () => {
  expect(writeHash(VIEW).length).toBeLessThan(400);
});

test.each([
  '',
  '#',
  '#c=1,2',
  '#c=a,b,c,d,e',
  '#l=%E0%A4%A',
  '#t=',
  '#theme=pink&lang=xx',
  '#o=%',
  '#s=-1&n=&f=~&k=x~y&p=z',
])('a broken link %s is passed over', (hash) => {
  const state = readHash(hash);
  expect(state.camera).toBeUndefined();
  expect(state.instant).toBeUndefined();
  expect(state.theme).toBeUndefined();
  expect(state.selection).toBeUndefined();
  expect([state.sensor, state.field, state.chart, state.sidePanel]).toEqual(Array(4).fill(undefined));
});

test('opacity is kept within what can be seen', () => {
  expect(readHash('#l=a~1~7!b~1~0!c~1~x').layers?.map((layer) => layer.opacity)).toEqual([1, 0.05, 1]);
});
