/** The form of a simulation: a field for each input, how long a run would take, and the button that starts it. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { estimateRun, type Process, putInput, type RunEstimate } from '../client/runs';
import { number, t, withUnit } from '../i18n';
import { duration } from '../i18n/readings';
import { arranged, type FormValues, readForm, startValue } from '../runs/form';
import { roundSeconds } from '../runs/text';
import { areaBox } from '../state/area';
import { attempt, jobs, proposed, type Refusal, start } from '../state/runs';
import { Icon } from './icons';
import { RefusalNote } from './RefusalNote';
import { Field } from './RunFields';

const ESTIMATE_DELAY_MS = 400;
const gigabytes = (bytes: number) => withUnit(number(bytes / 1e9, 1), 'GB');

/** How long a run with these values would take, asked for when they have come to rest. */
function Estimate({ process, values }: { process: Process; values: FormValues }) {
  const found = useSignal<RunEstimate | null>(null);
  const ended = jobs.value.filter((job) => job.processID === process.id && job.finished).length;
  useEffect(() => {
    const { inputs, wrong } = readForm(process, values);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      if (wrong.length > 0) found.value = null;
      else {
        estimateRun(process.id, inputs, abort.signal)
          .then((estimate) => (found.value = estimate))
          .catch(() => abort.signal.aborted || (found.value = null)); // what is amiss is told when it is run
      }
    }, ESTIMATE_DELAY_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [process, values, ended]);
  const told = found.value;
  if (!told) return null;
  const source = told.runs > 0 ? t('runs.estimate.runs', { count: told.runs }) : t('runs.estimate.usual');
  const short = told.memory !== null && told.available !== null && told.memory > told.available;
  return (
    <p class={`estimate ${short ? 'problem' : 'quiet'}`} role="status">
      {told.seconds === null
        ? t('runs.estimate.none')
        : t('runs.estimate', { time: duration(roundSeconds(told.seconds)), source })}
      {told.memory !== null &&
        ` ${t(short ? 'runs.estimate.short' : 'runs.estimate.memory', {
          size: gigabytes(told.memory),
          there: gigabytes(told.available ?? 0),
        })}`}
    </p>
  );
}

export function RunForm({ process }: { process: Process }) {
  const values = useSignal<FormValues>(
    proposed.peek()?.process === process.id ? proposed.peek()!.values : {},
  );
  const wrong = useSignal<string[]>([]);
  const refusal = useSignal<Refusal | null>(null);
  const busy = useSignal(false);
  const again = useRef<() => Promise<void>>(null);
  const { plain, more } = arranged(process);
  const begin = async () => {
    const read = readForm(process, values.value);
    wrong.value = read.wrong;
    if (read.wrong.length > 0) return;
    busy.value = true;
    again.current = begin;
    refusal.value = await start(process.id, read.inputs);
    busy.value = false;
  };
  const hand = async (files: File[], done: (references: string[]) => void) => {
    busy.value = true;
    again.current = () => hand(files, done);
    refusal.value = await attempt(async () => done(await Promise.all(files.map(putInput))));
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
        hand={hand}
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
        <Estimate process={process} values={values.value} />
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
      <RefusalNote refusal={refusal.value} busy={busy.value} again={() => void again.current?.()} />
    </>
  );
}
