/** Attribute values, places and colours as people read them. */
import { afterEach, expect, test } from 'vitest';
import { metres, number, t, term, withUnit } from '../src/i18n';
import { addressText, valueText } from '../src/i18n/values';
import { classifier } from '../src/layers/classify';
import { CATEGORIES, NO_DATA, OTHER, rampColour } from '../src/layers/ramps';
import { readPlace } from '../src/state/coordinates';
import { language } from '../src/state/store';
import { fromLocal, toLocal } from '../src/state/zone';

afterEach(() => {
  language.value = 'en';
});

test('values keep their units, codes their names', () => {
  expect(valueText('measuredHeight', { value: 1234.56, unit: 'm' })?.text).toBe('1,235 m');
  expect(valueText('floor_area', { value: 28469, unit: 'm2' })?.text).toBe('28,469 m²');
  expect(valueText('usage', { code: '1010', codeSpace: 'lists/Building_usage.xml', name: 'Office' })).toEqual(
    {
      text: 'Office',
      note: 'code 1010 in Building_usage.xml',
    },
  );
  expect(valueText('usage', { code: '1010', codeSpace: null, name: null })).toEqual({ text: '1010' });
  expect(valueText('heights', [3, 3.5])?.text).toBe('3, 3.5');
  expect(valueText('detail', { rating: 'A' })).toBeNull();
  expect(withUnit('12', 'kWh/(m2.a)')).toBe('12 kWh/(m²·a)');
});

test('years have no thousands separator', () => {
  expect(valueText('yearOfConstruction', 1998)?.text).toBe('1998');
});

test('counts follow the plural of the language', () => {
  expect(t('layers.objects', { count: 1 })).toBe('1 object');
  expect(t('layers.objects', { count: 1200 })).toBe('1,200 objects');
  language.value = 'ko';
  expect(t('layers.objects', { count: 1 })).toBe('객체 1개');
});

test('names of the data model are translated, others made readable or left alone', () => {
  expect(term('attr', 'bldg:measuredHeight')).toBe('Height');
  expect(term('attr', 'roof_pitch_max')).toBe('Roof pitch max');
  expect(term('attr', 'uro:BuildingRiver')).toBe('uro:BuildingRiver');
  language.value = 'ko';
  expect(term('class', 'Building')).toBe('건물');
});

test('lengths change to kilometres, numbers keep sensible digits', () => {
  expect(metres(12.345)).toBe('12.35 m');
  expect(metres(12345)).toBe('12.345 km');
  expect([number(0.12345), number(12.345), number(1234.5)]).toEqual(['0.123', '12.35', '1,235']);
  expect([number(0.0000123), number(0), number(-0.5), number(42)]).toEqual(['0.0000123', '0', '-0.5', '42']);
});

test('addresses are written as their country does', () => {
  const korean = {
    country: '대한민국',
    locality: '부산광역시 강서구',
    number: '18',
    thoroughfare: '에코델타로',
    postal_code: '46700',
  };
  expect(addressText(korean)).toBe('부산광역시 강서구 에코델타로 18 (46700)');
  const german = {
    country: 'Germany',
    locality: 'Aachen',
    number: '3',
    thoroughfare: 'Markt',
    postal_code: '52062',
  };
  expect(addressText(german)).toBe('Markt 3, 52062 Aachen, Germany');
  expect(addressText({ lines: 'Somewhere 1' })).toBe('Somewhere 1');
});

test.each([
  ['35.12, 128.91', { lat: 35.12, lon: 128.91 }],
  ['128.91 35.12', { lat: 35.12, lon: 128.91 }],
  ['35.12N 128.91E', { lat: 35.12, lon: 128.91 }],
  ['10 E, 50 N', { lat: 50, lon: 10 }],
  ['33.9S, 18.4E', { lat: -33.9, lon: 18.4 }],
])('%s is a place', (text, place) => {
  expect(readPlace(text)).toEqual(place);
});

test.each(['office 12', '35.12', '95, 200', '1234, 5'])('%s is not a place', (text) => {
  expect(readPlace(text)).toBeNull();
});

test('local time and instants agree, across a change of the clocks', () => {
  const summer = fromLocal('2026-07-01', 600, 'Europe/Berlin');
  expect(new Date(summer).toISOString()).toBe('2026-07-01T08:00:00.000Z');
  expect(toLocal(summer, 'Europe/Berlin')).toEqual({ date: '2026-07-01', minute: 600 });
  expect(toLocal(fromLocal('2026-03-29', 150, 'Europe/Berlin'), 'Europe/Berlin').minute).toBe(210);
  expect(toLocal(fromLocal('2026-11-22', 1439, 'Asia/Seoul'), 'Asia/Seoul')).toEqual({
    date: '2026-11-22',
    minute: 1439,
  });
});

const height = { id: 'h', name: 'h', type: 'number' as const, min: 0, max: 10 };

test('a ramp runs from end to end of its range and shows missing values', () => {
  const { colour, range } = classifier({ attribute: 'h', ramp: 'viridis', range: null }, height);
  expect(range).toEqual([0, 10]);
  expect([colour(0), colour(10), colour(-5), colour(99)]).toEqual([
    '#440154',
    '#fde725',
    '#440154',
    '#fde725',
  ]);
  expect(colour(null)).toBe(NO_DATA);
  expect(rampColour('viridis', 0.5)).not.toBe(rampColour('viridis', 0.4));
});

test('categories are eight at most, the rest goes together', () => {
  const values = Array.from({ length: 12 }, (_, index) => ({ value: index, label: `name ${index}` }));
  const { colour, entries } = classifier(
    { attribute: 'u', ramp: 'batlow', range: null },
    { id: 'u', name: 'u', type: 'enum', values },
  );
  expect(entries).toHaveLength(CATEGORIES.length);
  expect(entries.at(-1)).toEqual({ colour: OTHER, label: null });
  expect(colour(0)).toBe(colour('name 0'));
  expect(colour(11)).toBe(OTHER);
  expect(colour('')).toBe(NO_DATA);
});
