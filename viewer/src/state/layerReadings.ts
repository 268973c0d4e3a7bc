/** Reads the values that colour layers: when a property is chosen, when the shown time changes, and as readings come. */
import { effect, untracked } from '@preact/signals';
import { ApiError } from '../client/api';
import { getLayerValues } from '../client/readings';
import type { LayerValues } from '../client/sensorTypes';
import { Latest } from '../sensors/latest';
import { layerReadings, type LayerReadings, readingOf, readingsOf } from './colouring';
import { arrived, hasSensors, readingTime, sensors } from './sensors';
import { layers } from './store';

const PAUSE_MS = 300;
/** While readings come, colours are set anew no more often than this [ms]. */
const REFRESH_MS = 2000;

/** Values by id, with a range that only grows as long as the property stays. */
export function gathered(values: LayerValues, before: LayerReadings | null): LayerReadings {
  const byId = new Map<string, number>();
  values.ids.forEach((id, index) => {
    const value = values.values[index];
    if (typeof value === 'number') byId.set(String(id), value);
  });
  const kept = before?.values.property === values.property ? before.range : null;
  const least = Math.min(values.minimum ?? Infinity, kept?.[0] ?? Infinity);
  const most = Math.max(values.maximum ?? -Infinity, kept?.[1] ?? -Infinity);
  const range: [number, number] = least < most ? [least, most] : least === most ? [least, least + 1] : [0, 1];
  return { values, byId, range };
}

interface Wanted {
  layer: string;
  property: string;
  time: number | null;
}

async function read({ layer, property, time }: Wanted): Promise<void> {
  try {
    const values = await getLayerValues(layer, property, time);
    layerReadings.value = { ...layerReadings.peek(), [layer]: gathered(values, readingsOf(layer)) };
  } catch (error) {
    const detail = error instanceof ApiError ? error.detail : String(error);
    layerReadings.value = { ...layerReadings.peek(), [layer]: { error: detail } };
  }
}

export function followLayerReadings(): void {
  if (!hasSensors.peek()) return;
  const tasks = new Map<string, Latest<Wanted>>();
  const ask = (layer: string, property: string) => {
    const task = tasks.get(layer) ?? new Latest(read, PAUSE_MS);
    tasks.set(layer, task);
    task.ask({ layer, property, time: readingTime.peek() });
  };
  const chosen = () =>
    layers.value.flatMap((view) => {
      const property = readingOf(view.classification?.attribute);
      return view.visible && property !== null ? [{ layer: view.id, property }] : [];
    });

  let before = '';
  effect(() => {
    const wanted = chosen();
    const key = JSON.stringify([wanted, readingTime.value]);
    if (key === before) return;
    before = key;
    untracked(() => wanted.forEach(({ layer, property }) => ask(layer, property)));
  });

  let timer = 0;
  effect(() => {
    const batch = arrived.value;
    if (readingTime.value !== null || timer !== 0 || batch.length === 0) return;
    const known = untracked(() => sensors.value);
    const properties = new Set(
      batch.flatMap((reading) => {
        const streams = known.get(reading.thing ?? -1)?.datastreams ?? [];
        return streams.filter((stream) => stream.id === reading.datastream).map((stream) => stream.property);
      }),
    );
    const due = untracked(chosen).filter(({ property }) => properties.has(property));
    if (due.length === 0) return;
    timer = window.setTimeout(() => {
      timer = 0;
      due.forEach(({ layer, property }) => ask(layer, property));
    }, REFRESH_MS);
  });
}
