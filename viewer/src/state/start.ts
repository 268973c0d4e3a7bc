/** The first state of a city's view, and the address bar that follows the view from then on. */
import { effect } from '@preact/signals';
import type { PlacedCity } from '../client/types';
import { openingInstant } from '../sun/position';
import { charted, chartOpen, span } from './charts';
import { fieldView } from './colouring';
import { energyView } from './energy';
import { floodPlaying, floodTime, floodView } from './flood';
import { hasSensors, pickedSensor, sensorView } from './sensors';
import { compare, plan } from './plan';
import { type ViewState, writeHash } from './share';
import { chosenDate } from './sunPath';
import { sunView } from './sunRun';
import {
  baseMap,
  camera,
  instant,
  language,
  live,
  layers,
  type LayerView,
  selection,
  sidePanel,
  speed,
  staged,
  theme,
  underground,
} from './store';
import { fromLocal, toLocal } from './zone';

const LINK_DELAY_MS = 400;
const HOUR = 3_600_000;
/** The layer that heads the list. */
const MAIN_LAYER = 'buildings';
/** Layers that the ground picture already draws; they start hidden where there is one. */
const IN_THE_GROUND_PICTURE = new Set(['landuse', 'relief']);

function layerViews(city: PlacedCity, { layers: linked, underground: below }: ViewState): LayerView[] {
  const fresh = city.layers.map((layer): LayerView => ({
    id: layer.id,
    visible: layer.underground ? (below ?? false) : !(city.imagery && IN_THE_GROUND_PICTURE.has(layer.id)),
    opacity: 1,
    classification: null,
  }));
  fresh.sort((a, b) => Number(b.id === MAIN_LAYER) - Number(a.id === MAIN_LAYER));
  if (!linked) return fresh;
  const known = linked.filter((view) => fresh.some((layer) => layer.id === view.id));
  return [...known, ...fresh.filter((layer) => !known.some((view) => view.id === layer.id))];
}

function startTime(city: PlacedCity, linked: number | undefined): void {
  if (linked !== undefined) {
    instant.value = linked;
    live.value = false;
    return;
  }
  const now = Date.now();
  const midnight = fromLocal(toLocal(now, city.timezone).date, 0, city.timezone);
  instant.value = openingInstant(now, midnight, city.home.lon, city.home.lat);
  staged.value = instant.value !== now;
}

function startReadings(linked: ViewState): void {
  pickedSensor.value = linked.selection === undefined ? (linked.sensor ?? null) : null;
  sidePanel.value = linked.sidePanel ?? null;
  if (linked.sensorView) sensorView.value = linked.sensorView;
  if (linked.field) fieldView.value = { ...fieldView.value, ...linked.field, visible: true };
  if (linked.chart) {
    charted.value = linked.chart.series;
    span.value = linked.chart.hours * HOUR;
    chartOpen.value = true;
  }
}

export function startState(city: PlacedCity, linked: ViewState): void {
  layers.value = layerViews(city, linked);
  startTime(city, linked.instant);
  selection.value = linked.selection ?? null;
  startReadings(linked);
  if (linked.flood) {
    const { time, ...view } = linked.flood;
    floodView.value = view;
    floodTime.value = time;
  }
  energyView.value = linked.energy ?? null;
  sunView.value = linked.sun ?? null;
  plan.value = linked.plan ?? null;
  if (linked.compare) compare.value = linked.compare;
  chosenDate.value = linked.sunDate ?? null;
  underground.value = linked.underground ?? false;
  baseMap.value = linked.baseMap ?? (city.imagery ? 'own' : 'none');
}

/** What the link says of readings; a view of the present stays one of the present. */
function linkedReadings(): ViewState {
  const { visible, property, method, part } = fieldView.value;
  return {
    ...(!live.value && { instant: instant.value }),
    ...(pickedSensor.value !== null && { sensor: pickedSensor.value }),
    sensorView: sensorView.value,
    ...(visible && { field: { property, method, part } }),
    ...(chartOpen.value &&
      charted.value.length > 0 && { chart: { series: charted.value, hours: span.value / HOUR } }),
  };
}

/** Writes the view into the address bar, shortly after it has come to rest; another link put there is opened. */
export function followLink(): void {
  let timer = 0;
  addEventListener('hashchange', () => location.reload());
  effect(() => {
    const state: ViewState = {
      ...(hasSensors.value ? linkedReadings() : { instant: instant.value }),
      layers: layers.value,
      language: language.value,
      theme: theme.value,
      underground: underground.value,
      baseMap: baseMap.value,
      ...(camera.value && { camera: camera.value }),
      ...(selection.value !== null && { selection: selection.value }),
      ...(sidePanel.value !== null && { sidePanel: sidePanel.value }),
      ...(energyView.value && { energy: energyView.value }),
      ...(sunView.value && { sun: sunView.value }),
      ...(plan.value && { plan: plan.value, compare: compare.value }),
      ...(chosenDate.value !== null && { sunDate: chosenDate.value }),
      ...(floodView.value && { flood: { ...floodView.value, time: floodTime.value } }),
    };
    if (speed.value !== 0 || floodPlaying.value) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => history.replaceState(null, '', writeHash(state)), LINK_DELAY_MS);
  });
}
