/** The fields of a run's form, from the schemas by which a model describes its inputs. */
import type { InputSchema, Process, ProcessInput } from '../client/runs';

export type FieldKind =
  'number' | 'choice' | 'choices' | 'switch' | 'box' | 'shape' | 'file' | 'files' | 'text' | 'list' | 'json';
/** What a field holds: text as typed, a choice or several, a switch, or an area [west, south, east, north]. */
export type FieldValue = string | boolean | string[] | [number, number, number, number];
export type FormValues = Record<string, FieldValue>;

const LISTS: Partial<Record<FieldKind, FieldKind>> = { number: 'list', choice: 'choices', file: 'files' };

export function fieldKind(schema: InputSchema): FieldKind {
  if (schema.format === 'ogc-bbox') return 'box';
  if (schema.format === 'geojson-geometry') return 'shape';
  if (schema.format === 'uri-reference') return 'file';
  if (schema.enum) return 'choice';
  if (schema.type === 'boolean') return 'switch';
  if (schema.type === 'number' || schema.type === 'integer') return 'number';
  if (schema.type === 'array') return LISTS[fieldKind(schema.items || {})] ?? 'json';
  return schema.type === 'string' ? 'text' : 'json';
}

/** Fields that most people understand and that stand above "more settings". */
const MOST_PLAIN = 8;
const isPlain = (input: ProcessInput) =>
  input.minOccurs > 0 || ['number', 'choice', 'switch', 'box', 'shape'].includes(fieldKind(input.schema));

/** The choices of a field, each with its title in the reader's language. */
export function choicesOf(schema: InputSchema): { value: string; title: string }[] {
  const one = schema.items || schema;
  return (one.enum ?? [])
    .map(String)
    .map((value) => ({ value, title: one['x-enum-titles']?.[value] ?? value }));
}

/** Names of the fields that are always shown, and of those behind "more settings", in the model's order. */
export function arranged(process: Process): { plain: string[]; more: string[] } {
  const plain: string[] = [];
  const more: string[] = [];
  for (const [name, input] of Object.entries(process.inputs)) {
    const room = plain.length < MOST_PLAIN || input.minOccurs > 0;
    (isPlain(input) && room ? plain : more).push(name);
  }
  return { plain, more };
}

/** What a field holds before anyone has touched it. */
export function startValue({ schema }: ProcessInput): FieldValue {
  const value = schema.default;
  switch (fieldKind(schema)) {
    case 'switch':
      return value === true;
    case 'list':
      return Array.isArray(value) ? value.join(', ') : '';
    case 'choices':
      return Array.isArray(value) ? value.map(String) : [];
    case 'box':
    case 'shape':
      return '';
    case 'json':
      return value === undefined ? '' : JSON.stringify(value);
    default:
      return value === undefined ? '' : String(value);
  }
}

function polygon([west, south, east, north]: readonly unknown[]) {
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ];
  return { type: 'Polygon', coordinates: [[...corners, corners[0]]] };
}

/** A field's value as the model wants it; undefined when it is left empty. Throws what cannot be read. */
export function readField(schema: InputSchema, value: FieldValue): unknown {
  const kind = fieldKind(schema);
  if (Array.isArray(value)) return kind === 'shape' ? polygon(value) : value;
  if (typeof value === 'boolean') return value;
  const text = value.trim();
  if (text === '') return undefined;
  if (kind === 'number') {
    const number = Number(text);
    if (!Number.isFinite(number)) throw new Error(text);
    return number;
  }
  if (kind === 'list') return text.split(/[\s,;]+/).map((part) => readField({ type: 'number' }, part));
  if (kind === 'files') return text.split(/[\n,;]+/).flatMap((part) => part.trim() || []);
  if (kind === 'choice') return schema.enum!.find((choice) => String(choice) === text);
  return kind === 'json' ? (JSON.parse(text) as unknown) : text;
}

/** The inputs of a run: what differs from the model's own values. `wrong`: fields that cannot be read. */
export function readForm(process: Process, values: FormValues) {
  const inputs: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [name, input] of Object.entries(process.inputs)) {
    const given = values[name];
    if (given === undefined || given === startValue(input)) continue;
    try {
      const value = readField(input.schema, given);
      if (value !== undefined) inputs[name] = value;
    } catch {
      wrong.push(name);
    }
  }
  return { inputs, wrong };
}
