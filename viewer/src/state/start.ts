/** The first state of a city's view, and the address bar that follows the view from then on. */
import { effect } from '@preact/signals';
import type { PlacedCity } from '../client/types';
import { openingInstant } from '../sun/position';
import { type ViewState, writeHash } from './share';
import {
  baseMap,
  camera,
  instant,
  language,
  layers,
  type LayerView,
  selection,
  speed,
  staged,
  theme,
  underground,
} from './store';
import { fromLocal, toLocal } from './zone';

const LINK_DELAY_MS = 400;
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
    return;
  }
  const now = Date.now();
  const midnight = fromLocal(toLocal(now, city.timezone).date, 0, city.timezone);
  instant.value = openingInstant(now, midnight, city.home.lon, city.home.lat);
  staged.value = instant.value !== now;
}

export function startState(city: PlacedCity, linked: ViewState): void {
  layers.value = layerViews(city, linked);
  startTime(city, linked.instant);
  selection.value = linked.selection ?? null;
  underground.value = linked.underground ?? false;
  baseMap.value = linked.baseMap ?? (city.imagery ? 'own' : 'none');
}

/** Writes the view into the address bar, shortly after it has come to rest; another link put there is opened. */
export function followLink(): void {
  let timer = 0;
  addEventListener('hashchange', () => location.reload());
  effect(() => {
    const state: ViewState = {
      instant: instant.value,
      layers: layers.value,
      language: language.value,
      theme: theme.value,
      underground: underground.value,
      baseMap: baseMap.value,
      ...(camera.value && { camera: camera.value }),
      ...(selection.value !== null && { selection: selection.value }),
    };
    if (speed.value !== 0) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => history.replaceState(null, '', writeHash(state)), LINK_DELAY_MS);
  });
}
