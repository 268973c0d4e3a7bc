/** Colouring by readings: which properties a layer's objects have, and the field between stations. */
import { signal } from '@preact/signals';
import { getSensor } from '../client/readings';
import type { Field, FieldMethod, LayerValues } from '../client/sensorTypes';
import { sensors } from './sensors';

const PREFIX = 'reading:';

/** The attribute under which a layer's classification keeps an observed property. */
export const readingAttribute = (property: string) => PREFIX + property;

/** The observed property that a classification is by, or null when it is by an attribute. */
export const readingOf = (attribute: string | undefined) =>
  attribute?.startsWith(PREFIX) ? attribute.slice(PREFIX.length) : null;

export interface LayerReadings {
  values: LayerValues;
  byId: ReadonlyMap<string, number>;
  /** What values had since the property was chosen, so that colours keep their meaning while time goes on. */
  range: [number, number];
}

/** The readings that colour a layer, by layer. */
export const layerReadings = signal<Record<string, LayerReadings | { error: string }>>({});

export function readingsOf(layer: string): LayerReadings | null {
  const found = layerReadings.value[layer];
  return found && 'byId' in found ? found : null;
}

/** Layer → observed properties of its objects. */
export const layerProperties = signal<ReadonlyMap<string, string[]>>(new Map());
let learnt = '';

/** Learns which layers have readings of what: one sensor of each kind and property is asked for its object. */
export async function learnProperties(): Promise<void> {
  const samples = new Map<string, { thing: number; property: string }>();
  for (const sensor of sensors.peek().values()) {
    if (sensor.object_id === null) continue;
    for (const { property, value } of sensor.datastreams) {
      const key = `${sensor.kind} ${property}`;
      if (typeof value === 'number' && !samples.has(key)) samples.set(key, { thing: sensor.id, property });
    }
  }
  const now = [...samples.keys()].sort().join();
  if (now === learnt) return;
  learnt = now;
  const things = [...new Set([...samples.values()].map(({ thing }) => thing))];
  const answers = await Promise.allSettled(things.map((thing) => getSensor(thing, null)));
  const layers = new Map<number, string>();
  for (const answer of answers) {
    if (answer.status === 'fulfilled' && answer.value.link?.layer) {
      layers.set(answer.value.id, answer.value.link.layer);
    }
  }
  const found = new Map<string, string[]>();
  for (const { thing, property } of samples.values()) {
    const layer = layers.get(thing);
    if (layer) found.set(layer, [...new Set([...(found.get(layer) ?? []), property])].sort());
  }
  layerProperties.value = found;
}

export interface FieldView {
  visible: boolean;
  property: string;
  method: FieldMethod;
  part: 'value' | 'uncertainty';
  opacity: number;
}

export const fieldView = signal<FieldView>({
  visible: false,
  property: '',
  method: 'kriging',
  part: 'value',
  opacity: 0.75,
});
export const field = signal<Field | null>(null);
export const fieldError = signal<string | null>(null);
export const fieldLoading = signal(false);

/** A kriged field needs readings at so many places. */
export const LEAST_STATIONS = 5;
