/** The runs, newest first: how far each is, what it says, and what came out. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { isActive, type Job } from '../client/runs';
import { dateTime, number, t } from '../i18n';
import { jobState, tookText } from '../runs/text';
import {
  detailOf,
  dismiss,
  jobs,
  openRun,
  processTitle,
  readJobs,
  readResults,
  type Refusal,
  results,
  runsError,
} from '../state/runs';
import { canShow, isShown, toggleShown } from '../state/shownRun';
import { zone } from '../state/store';
import { Icon } from './icons';
import { RefusalNote } from './RefusalNote';
import { RunResults } from './RunResults';

function Progress({ job }: { job: Job }) {
  return (
    <>
      <div
        class="run-progress"
        role="progressbar"
        aria-label={t('runs.progress', { run: processTitle(job.processID) })}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={job.progress}
      >
        <i style={{ width: `${job.progress}%` }} />
      </div>
      <p class="run-message" aria-live="polite">
        <b>{number(job.progress, 0)} %</b> {job.message || jobState(job)}
      </p>
    </>
  );
}

/** The results of the open run, read when it is opened. */
function Opened({ job }: { job: Job }) {
  const error = useSignal<string | null>(null);
  useSignalEffect(() => {
    void readResults(job.jobID).catch((found: unknown) => (error.value = detailOf(found)));
  });
  const found = results.value.get(job.jobID);
  if (error.value !== null) {
    return <p class="problem">{t('runs.results.error', { detail: error.value || t('offline.title') })}</p>;
  }
  if (!found) return <p class="quiet">{t('layers.loading')}</p>;
  const shown = isShown(job.jobID);
  return (
    <>
      {canShow(found) && (
        <button class="plain show-run" aria-pressed={shown} onClick={() => toggleShown(job.jobID, found)}>
          <Icon name={shown ? 'eye' : 'eyeOff'} size={16} /> {t(shown ? 'runs.shown' : 'runs.show')}
        </button>
      )}
      <RunResults run={job.jobID} process={job.processID} results={found} />
    </>
  );
}

function Run({ job }: { job: Job }) {
  const refusal = useSignal<Refusal | null>(null);
  const busy = useSignal(false);
  const active = isActive(job);
  const done = job.status === 'successful';
  const open = done && openRun.value === job.jobID;
  const title = processTitle(job.processID);
  const when = job.created ? dateTime(Date.parse(job.created), zone.value) : job.jobID;
  const stop = async () => {
    busy.value = true;
    refusal.value = await dismiss(job);
    busy.value = false;
  };
  const label = t(active ? 'runs.cancel' : 'runs.remove');
  return (
    <li class={`run ${job.status}`} data-run={job.jobID}>
      <div class="run-head">
        {done ? (
          <button
            class="run-name"
            aria-expanded={open}
            onClick={() => (openRun.value = open ? null : job.jobID)}
          >
            <Icon name="chevron" size={14} />
            <span>
              {title}
              <small>
                {when} · {t('runs.took', { time: tookText(job, Date.now()) })}
              </small>
            </span>
          </button>
        ) : (
          <span class="run-name">
            <span>
              {title}
              <small>
                {when}
                {!active && ` · ${jobState(job)}`}
              </small>
            </span>
          </span>
        )}
        <button
          class={active ? 'plain' : 'round small'}
          aria-label={`${label}: ${title}, ${when}`}
          title={label}
          disabled={busy.value}
          onClick={() => void stop()}
        >
          {active ? label : <Icon name="close" size={14} />}
        </button>
      </div>
      {active && <Progress job={job} />}
      {job.status === 'failed' && <p class="problem">{job.message || t('runs.failed')}</p>}
      <RefusalNote refusal={refusal.value} busy={busy.value} again={() => void stop()} />
      {open && <Opened job={job} />}
    </li>
  );
}

export function RunList() {
  return (
    <section aria-labelledby="runs-title">
      <h3 id="runs-title">{t('runs.list')}</h3>
      {runsError.value !== null && (
        <div class="problem" role="alert">
          <p>{t('runs.error', { detail: runsError.value || t('offline.title') })}</p>
          <button class="plain" onClick={() => void readJobs()}>
            {t('common.retry')}
          </button>
        </div>
      )}
      {jobs.value.length === 0 && runsError.value === null && <p class="quiet">{t('runs.none')}</p>}
      <ul class="runs">
        {jobs.value.map((job) => (
          <Run key={job.jobID} job={job} />
        ))}
      </ul>
    </section>
  );
}
