/** The form of a simulation: a field for each input, with its unit, range and what it starts from. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Process, ProcessInput } from '../client/runs';
import { number, t, withUnit } from '../i18n';
import { arranged, fieldKind, type FieldValue, type FormValues, readForm, startValue } from '../runs/form';
import { toggleTool } from '../state/actions';
import { areaBox } from '../state/area';
import { type Refusal, start } from '../state/runs';
import { tool } from '../state/store';
import { Icon } from './icons';
import { RefusalNote } from './RefusalNote';

/** The range that a number may have, in words. */
function rangeText({ schema }: ProcessInput): string {
  const unit = schema['x-ogc-unit'];
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return withUnit(t('runs.range', { from: schema.minimum, to: schema.maximum }), unit);
  }
  if (schema.minimum !== undefined) return withUnit(t('runs.range.from', { from: schema.minimum }), unit);
  return schema.maximum === undefined ? '' : withUnit(t('runs.range.to', { to: schema.maximum }), unit);
}

function AreaField({
  id,
  input,
  change,
}: {
  id: string;
  input: ProcessInput;
  change: (v: FieldValue) => void;
}) {
  const box = areaBox.value;
  useEffect(() => change(box ?? ''), [box]);
  const drawing = tool.value === 'box';
  return (
    <div class="run-field area-field" role="group" aria-labelledby={`${id}-label`}>
      <span id={`${id}-label`}>{input.title}</span>
      <p class="quiet">
        {drawing
          ? t('runs.area.draw')
          : box
            ? `${number(box[0], 4)}, ${number(box[1], 4)} – ${number(box[2], 4)}, ${number(box[3], 4)}`
            : t(input.minOccurs > 0 ? 'runs.area.needed' : 'runs.area.whole')}
      </p>
      <div class="run-actions">
        <button type="button" class="plain" aria-pressed={drawing} onClick={() => toggleTool('box')}>
          <Icon name="area" size={15} /> {t('runs.area.button')}
        </button>
        {box && (
          <button type="button" class="plain" onClick={() => (areaBox.value = null)}>
            {t('runs.area.clear')}
          </button>
        )}
      </div>
    </div>
  );
}

interface FieldProps {
  id: string;
  input: ProcessInput;
  value: FieldValue;
  wrong: boolean;
  change: (value: FieldValue) => void;
}

function Field({ id, input, value, wrong, change }: FieldProps) {
  const { schema } = input;
  const kind = fieldKind(schema);
  if (kind === 'box' || kind === 'shape') return <AreaField id={id} input={input} change={change} />;
  const unit = schema['x-ogc-unit'];
  const hint = [input.description, kind === 'number' ? rangeText(input) : ''].filter(Boolean).join(' · ');
  const about = hint ? { 'aria-describedby': `${id}-hint` } : {};
  const required = input.minOccurs > 0;
  const text = String(value);
  if (kind === 'switch') {
    return (
      <div class="run-field">
        <label class="check">
          <input
            type="checkbox"
            checked={value === true}
            {...about}
            onChange={(event) => change(event.currentTarget.checked)}
          />
          <span>{input.title}</span>
        </label>
        {hint && <small id={`${id}-hint`}>{hint}</small>}
      </div>
    );
  }
  return (
    <div class="run-field">
      <label for={id}>
        {input.title}
        {required && <span class="quiet"> ({t('runs.required')})</span>}
      </label>
      {kind === 'choice' ? (
        <select
          id={id}
          value={text}
          required={required}
          {...about}
          onChange={(e) => change(e.currentTarget.value)}
        >
          {!required && schema.default === undefined && <option value="">{t('common.none')}</option>}
          {schema.enum!.map((choice) => (
            <option key={choice} value={String(choice)}>
              {String(choice)}
            </option>
          ))}
        </select>
      ) : kind === 'number' ? (
        <span class="with-unit">
          <input
            id={id}
            type="number"
            step={schema.type === 'integer' ? 1 : 'any'}
            min={schema.minimum}
            max={schema.maximum}
            required={required}
            value={text}
            {...about}
            onInput={(event) => change(event.currentTarget.value)}
          />
          {unit && <span>{withUnit('', unit).trim()}</span>}
        </span>
      ) : kind === 'json' ? (
        <textarea
          id={id}
          rows={3}
          spellcheck={false}
          required={required}
          value={text}
          aria-invalid={wrong}
          {...about}
          onInput={(event) => change(event.currentTarget.value)}
        />
      ) : (
        <input
          id={id}
          type="text"
          spellcheck={false}
          required={required}
          value={text}
          aria-invalid={wrong}
          {...about}
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
      {wrong && <small class="problem">{t(kind === 'json' ? 'runs.wrong.json' : 'runs.wrong.list')}</small>}
    </div>
  );
}

export function RunForm({ process }: { process: Process }) {
  const values = useSignal<FormValues>({});
  const wrong = useSignal<string[]>([]);
  const refusal = useSignal<Refusal | null>(null);
  const busy = useSignal(false);
  const { plain, more } = arranged(process);
  const begin = async () => {
    const read = readForm(process, values.value);
    wrong.value = read.wrong;
    if (read.wrong.length > 0) return;
    busy.value = true;
    refusal.value = await start(process.id, read.inputs);
    busy.value = false;
  };
  const field = (name: string) => {
    const input = process.inputs[name]!;
    return (
      <Field
        key={name}
        id={`run-${process.id}-${name}`}
        input={input}
        value={values.value[name] ?? startValue(input)}
        wrong={wrong.value.includes(name)}
        change={(value) => {
          if (values.peek()[name] !== value) values.value = { ...values.peek(), [name]: value };
        }}
      />
    );
  };
  return (
    <>
      <form
        class="run-form"
        onSubmit={(event) => {
          event.preventDefault();
          void begin();
        }}
      >
        {process.description && <p class="quiet">{process.description}</p>}
        {plain.map(field)}
        {more.length > 0 && (
          <details>
            <summary>{t('runs.more')}</summary>
            <div class="run-form">{more.map(field)}</div>
          </details>
        )}
        <div class="run-actions">
          <button class="accent-button" disabled={busy.value}>
            <Icon name="play" size={16} /> {t('runs.start')}
          </button>
          <button
            type="button"
            class="plain"
            onClick={() => {
              values.value = {};
              areaBox.value = null;
            }}
          >
            {t('runs.reset')}
          </button>
        </div>
      </form>
      <RefusalNote refusal={refusal.value} busy={busy.value} again={() => void begin()} />
    </>
  );
}
