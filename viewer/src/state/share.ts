/**
 * The view as a link: `#c=lon,lat,height,heading,pitch&t=…&l=…`. Keys never change their meaning; a key that is
 * unknown or unreadable is passed over, so that old links go on working.
 */
import { RAMPS, type Ramp } from '../layers/ramps';
import { type FieldMethod, KINDS, type SensorKind } from '../client/sensorTypes';
import type { Theme } from '../sun/daylight';
import type { FieldView } from './colouring';
import type { EnergyView } from './energy';
import type { FloodView } from './flood';
import { escaped } from './linkText';
import type { SensorView } from './sensors';
import { readEnergy, writeEnergy } from './shareEnergy';
import { readSun, type SunState, writeSun } from './shareSun';
import type { CameraState, Classification, Language, LayerView, SidePanel } from './store';

export interface ViewState extends SunState {
  camera?: CameraState;
  instant?: number;
  layers?: LayerView[];
  selection?: string;
  language?: Language;
  theme?: Theme;
  underground?: boolean;
  baseMap?: 'own' | 'custom' | 'none';
  sensor?: number;
  sensorView?: SensorView;
  field?: Pick<FieldView, 'property' | 'method' | 'part'>;
  chart?: { series: number[]; hours: number };
  sidePanel?: SidePanel;
  flood?: FloodView & { time: number };
  energy?: EnergyView;
}

const SIDE_PANELS = new Set<SidePanel>([
  'alerts',
  'devices',
  'quality',
  'anomalies',
  'simulate',
  'plan',
  'daylight',
  'district',
  'retrofit',
  'costs',
]);

const round = (value: number, digits: number) => String(Number(value.toFixed(digits)));

function writeLayer(layer: LayerView): string {
  const parts = [escaped(layer.id), layer.visible ? '1' : '0', round(layer.opacity, 2)];
  const by = layer.classification;
  if (by) {
    parts.push(escaped(by.attribute), by.ramp);
    if (by.range) parts.push(round(by.range[0], 4), round(by.range[1], 4));
  }
  return parts.join('~');
}

function readLayer(text: string): LayerView | null {
  const [id, visible, opacity, attribute, ramp, from, to] = text.split('~');
  if (!id) return null;
  const share = opacity === undefined ? 1 : Number(opacity);
  let classification: Classification | null = null;
  if (attribute) {
    const range: [number, number] = [Number(from), Number(to)];
    classification = {
      attribute: decodeURIComponent(attribute),
      ramp: RAMPS.includes(ramp as Ramp) ? (ramp as Ramp) : 'batlow',
      range: from !== undefined && to !== undefined && range.every(Number.isFinite) ? range : null,
    };
  }
  return {
    id: decodeURIComponent(id),
    visible: visible !== '0',
    opacity: Number.isFinite(share) ? Math.min(1, Math.max(0.05, share)) : 1,
    classification,
  };
}

/** Shown and labelled as usual, with all kinds: nothing is written. */
function writeSensors({ visible, labels, hidden }: SensorView): string | undefined {
  if (visible && labels && hidden.size === 0) return undefined;
  return [visible ? 1 : 0, labels ? 1 : 0, ...KINDS.filter((kind) => hidden.has(kind))].join('~');
}

function readSensors(text: string): SensorView {
  const [visible, labels, ...hidden] = text.split('~');
  return {
    visible: visible !== '0',
    labels: labels !== '0',
    hidden: new Set(hidden.filter((kind): kind is SensorKind => KINDS.includes(kind as SensorKind))),
  };
}

const writeField = ({ property, method, part }: NonNullable<ViewState['field']>) =>
  [escaped(property), method, part].join('~');

function readField(text: string): ViewState['field'] {
  const [property, method, part] = text.split('~');
  if (!property) return undefined;
  return {
    property: decodeURIComponent(property),
    method: (method === 'idw' ? 'idw' : 'kriging') satisfies FieldMethod,
    part: part === 'uncertainty' ? 'uncertainty' : 'value',
  };
}

function readChart(text: string): ViewState['chart'] {
  const [hours, ...series] = text.split('~').map(Number);
  const ids = series.filter((id) => Number.isSafeInteger(id) && id > 0);
  return hours && hours > 0 && ids.length > 0 ? { hours, series: ids } : undefined;
}

function writeFlood(view: NonNullable<ViewState['flood']>): string {
  const { run, visible, mode, opacity, drains, basins, routes, time } = view;
  const shown = mode === 'time' ? round(time, 0) : mode === 'maximum' ? 'max' : escaped(mode);
  const parts = [escaped(run), visible ? 1 : 0, shown, round(opacity, 2), drains ? 1 : 0];
  return [...parts, basins === undefined ? '' : Number(basins), routes ? 1 : 0].join('~');
}

/** The third part: seconds, `max`, or the name of a figure. */
function floodMode(text: string | undefined): NonNullable<ViewState['flood']>['mode'] {
  if (text === 'max') return 'maximum';
  return /^[a-z]/.test(text ?? '') ? decodeURIComponent(text!) : 'time';
}

function readFlood(text: string): ViewState['flood'] {
  const [run, visible, time, share, drains, basins, routes] = text.split('~');
  if (!run) return undefined;
  const [seconds, opacity] = [Number(time), Number(share)];
  return {
    run: decodeURIComponent(run),
    visible: visible !== '0',
    mode: floodMode(time),
    opacity: opacity > 0 && opacity <= 1 ? opacity : 0.9,
    drains: drains !== '0',
    ...(basins && { basins: basins !== '0' }),
    routes: routes !== '0',
    time: seconds > 0 && Number.isFinite(seconds) ? seconds : 0,
  };
}

export function writeHash(state: ViewState): string {
  const query: string[] = [];
  const put = (key: string, value: string | undefined) =>
    value !== undefined && query.push(`${key}=${value}`);
  const at = state.camera;
  if (at) {
    put(
      'c',
      [
        round(at.lon, 6),
        round(at.lat, 6),
        round(at.height, 1),
        round(at.heading, 1),
        round(at.pitch, 1),
      ].join(','),
    );
  }
  put('t', state.instant === undefined ? undefined : Math.round(state.instant / 60_000).toString(36));
  put('l', state.layers?.map(writeLayer).join('!'));
  put('o', state.selection === undefined ? undefined : encodeURIComponent(state.selection));
  put('u', state.underground ? '1' : undefined);
  put('g', state.baseMap === 'own' ? undefined : state.baseMap);
  put('s', state.sensor?.toString(36));
  put('n', state.sensorView && writeSensors(state.sensorView));
  put('f', state.field && writeField(state.field));
  put('k', state.chart && `${state.chart.hours}~${state.chart.series.join('~')}`);
  put('p', state.sidePanel);
  put('r', state.flood && writeFlood(state.flood));
  put('e', state.energy && writeEnergy(state.energy));
  for (const [key, value] of writeSun(state)) put(key, value);
  put('lang', state.language);
  put('theme', state.theme);
  return `#${query.join('&')}`;
}

function decoded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readReadings(entries: Map<string, string>, state: ViewState): void {
  const sensor = parseInt(entries.get('s') ?? '', 36);
  if (Number.isSafeInteger(sensor) && sensor > 0) state.sensor = sensor;
  const shown = entries.get('n');
  if (shown) state.sensorView = readSensors(shown);
  const draped = entries.get('f');
  const field = draped ? decoded(() => readField(draped)) : undefined;
  if (field) state.field = field;
  const drawn = entries.get('k');
  const chart = drawn ? readChart(drawn) : undefined;
  if (chart) state.chart = chart;
  const panel = entries.get('p');
  if (SIDE_PANELS.has(panel as SidePanel)) state.sidePanel = panel as SidePanel;
}

export function readHash(hash: string): ViewState {
  const entries = new Map(
    hash
      .replace(/^#/, '')
      .split('&')
      .map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1)] as const;
      }),
  );
  const state: ViewState = {};
  const place = entries.get('c')?.split(',').map(Number);
  if (place?.length === 5 && place.every(Number.isFinite)) {
    const [lon, lat, height, heading, pitch] = place as [number, number, number, number, number];
    state.camera = { lon, lat, height, heading, pitch };
  }
  const minutes = parseInt(entries.get('t') ?? '', 36);
  if (Number.isFinite(minutes)) state.instant = minutes * 60_000;
  const listed = entries.get('l');
  if (listed) {
    state.layers = listed.split('!').flatMap((text) => decoded(() => readLayer(text)) ?? []);
  }
  const picked = entries.get('o');
  const id = picked ? decoded(() => decodeURIComponent(picked)) : undefined;
  if (id) state.selection = id;
  if (entries.get('u') === '1') state.underground = true;
  const ground = entries.get('g');
  if (ground === 'custom' || ground === 'none') state.baseMap = ground;
  readReadings(entries, state);
  const flooded = entries.get('r');
  const flood = flooded ? decoded(() => readFlood(flooded)) : undefined;
  if (flood) state.flood = flood;
  const heated = entries.get('e');
  const energy = heated ? decoded(() => readEnergy(heated)) : undefined;
  if (energy) state.energy = energy;
  Object.assign(state, readSun(entries));
  const lang = entries.get('lang');
  if (lang === 'en' || lang === 'ko') state.language = lang;
  const theme = entries.get('theme');
  if (theme === 'light' || theme === 'dark') state.theme = theme;
  return state;
}
