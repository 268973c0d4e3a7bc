/** The fields of a run's form: one for each kind of input. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ProcessInput } from '../client/runs';
import { number, t, withUnit } from '../i18n';
import { choicesOf, fieldKind, type FieldValue } from '../runs/form';
import { toggleTool } from '../state/actions';
import { areaBox } from '../state/area';
import { tool } from '../state/store';
import { Icon } from './icons';

const FILE_TYPES = '.tif,.tiff,.nc,.h5,.hdf,.hdf5,.inp,.csv,.epw';

export interface FieldProps {
  id: string;
  input: ProcessInput;
  value: FieldValue;
  wrong: boolean;
  change: (value: FieldValue) => void;
  /** Hands in files; `done` is told what to put where a run takes them. */
  hand: (files: File[], done: (references: string[]) => void) => Promise<void>;
}

/** The range that a number may have, in words. */
function rangeText({ schema }: ProcessInput): string {
  const unit = schema['x-ogc-unit'];
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return withUnit(t('runs.range', { from: schema.minimum, to: schema.maximum }), unit);
  }
  if (schema.minimum !== undefined) return withUnit(t('runs.range.from', { from: schema.minimum }), unit);
  return schema.maximum === undefined ? '' : withUnit(t('runs.range.to', { to: schema.maximum }), unit);
}

function AreaField({ id, input, change }: Pick<FieldProps, 'id' | 'input' | 'change'>) {
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

/** The button that hands in files of the reader's. */
function Upload({ many, hand }: { many: boolean; hand: (files: File[]) => Promise<void> }) {
  const busy = useSignal(false);
  const send = async (files: File[]) => {
    busy.value = true;
    await hand(files);
    busy.value = false;
  };
  return (
    <label class="plain upload">
      <input
        type="file"
        accept={FILE_TYPES}
        multiple={many}
        disabled={busy.value}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          if (files.length > 0) void send(files);
        }}
      />
      {t(busy.value ? 'runs.file.busy' : 'runs.file')}
    </label>
  );
}

function SwitchField({ input, value, hint, change, about }: InnerProps) {
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
      {hint}
    </div>
  );
}

function ChoicesField({ id, input, value, hint, change }: InnerProps) {
  const chosen = Array.isArray(value) ? value.map(String) : [];
  const choices = choicesOf(input.schema);
  const pick = (one: string, on: boolean) =>
    change(choices.map((choice) => choice.value).filter((v) => (v === one ? on : chosen.includes(v))));
  return (
    <div class="run-field area-field" role="group" aria-labelledby={`${id}-label`}>
      <span id={`${id}-label`}>{input.title}</span>
      {choices.map((choice) => (
        <label key={choice.value} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(choice.value)}
            onChange={(event) => pick(choice.value, event.currentTarget.checked)}
          />
          <span>{choice.title}</span>
        </label>
      ))}
      {hint}
    </div>
  );
}

type InnerProps = FieldProps & { hint: ComponentChildren; about: { 'aria-describedby'?: string } };

/** What takes the value of an input that has a label of its own above. */
function Control({ id, input, value, wrong, change, hand, about }: InnerProps) {
  const { schema } = input;
  const kind = fieldKind(schema);
  const shared = { id, required: input.minOccurs > 0, value: String(value), ...about };
  if (kind === 'choice') {
    return (
      <select {...shared} onChange={(event) => change(event.currentTarget.value)}>
        {!shared.required && schema.default === undefined && <option value="">{t('common.none')}</option>}
        {choicesOf(schema).map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.title}
          </option>
        ))}
      </select>
    );
  }
  if (kind === 'number') {
    const unit = schema['x-ogc-unit'];
    return (
      <span class="with-unit">
        <input
          {...shared}
          type="number"
          step={schema.type === 'integer' ? 1 : 'any'}
          min={schema.minimum}
          max={schema.maximum}
          onInput={(event) => change(event.currentTarget.value)}
        />
        {unit && <span>{withUnit('', unit).trim()}</span>}
      </span>
    );
  }
  const typed = { spellcheck: false, 'aria-invalid': wrong, ...shared };
  if (kind === 'json') {
    return <textarea {...typed} rows={3} onInput={(event) => change(event.currentTarget.value)} />;
  }
  const text = <input {...typed} type="text" onInput={(event) => change(event.currentTarget.value)} />;
  if (kind !== 'file' && kind !== 'files') return text;
  return (
    <>
      {text}
      <Upload
        many={kind === 'files'}
        hand={(files) => hand(files, (references) => change(references.join(', ')))}
      />
    </>
  );
}

export function Field(props: FieldProps) {
  const { id, input, wrong } = props;
  const kind = fieldKind(input.schema);
  if (kind === 'box' || kind === 'shape') return <AreaField {...props} />;
  const file = kind === 'file' || kind === 'files';
  const more = kind === 'number' ? rangeText(input) : file ? t('runs.file.hint') : '';
  const said = [input.description, more].filter(Boolean).join(' · ');
  const hint = said ? <small id={`${id}-hint`}>{said}</small> : null;
  const inner = { ...props, hint, about: said ? { 'aria-describedby': `${id}-hint` } : {} };
  if (kind === 'switch') return <SwitchField {...inner} />;
  if (kind === 'choices') return <ChoicesField {...inner} />;
  return (
    <div class="run-field">
      <label for={id}>
        {input.title}
        {input.minOccurs > 0 && <span class="quiet"> ({t('runs.required')})</span>}
      </label>
      <Control {...inner} />
      {hint}
      {wrong && <small class="problem">{t(kind === 'json' ? 'runs.wrong.json' : 'runs.wrong.list')}</small>}
    </div>
  );
}
