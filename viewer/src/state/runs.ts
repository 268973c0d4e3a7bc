/** Simulations: which there are, the runs and how far they are, and what came out of the one that is open. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { ApiError } from '../client/api';
import {
  dismissJob,
  getJob,
  getJobs,
  getProcess,
  getProcesses,
  getResults,
  isActive,
  type Job,
  type Process,
  type ProcessSummary,
  type RunResults,
  startRun,
} from '../client/runs';
import type { FormValues } from '../runs/form';
import { keepToken } from '../client/token';
import { language } from './store';

const MOST_JOBS = 30;
const POLL_MS = 1000;

/** Null until the server has said which there are. */
export const processes = signal<ProcessSummary[] | null>(null);
export const hasProcesses = computed(() => (processes.value?.length ?? 0) > 0);
/** Descriptions by id, in the reader's language. */
export const described = signal<ReadonlyMap<string, Process>>(new Map());
/** Newest first. */
export const jobs = signal<Job[]>([]);
export const runsError = signal<string | null>(null);
/** The run whose results the panel shows. */
export const openRun = signal<string | null>(null);
export const results = signal<ReadonlyMap<string, RunResults>>(new Map());
/** The runs that this page has started and that have just ended well, to be shown. */
export const finished = signal<string | null>(null);

/** A form that waits to be opened, with some of its fields filled in. */
export const proposed = signal<{ process: string; values: FormValues } | null>(null);

const started = new Set<string>();

export const detailOf = (error: unknown) => (error instanceof ApiError ? error.detail : String(error));

export const processTitle = (id: string) =>
  processes.value?.find((process) => process.id === id)?.title ?? id;

function put(job: Job): void {
  const before = jobs.peek().find((one) => one.jobID === job.jobID);
  const others = jobs.peek().filter((one) => one.jobID !== job.jobID);
  jobs.value = before
    ? jobs.peek().map((one) => (one.jobID === job.jobID ? job : one))
    : [job, ...others].slice(0, MOST_JOBS);
  if (job.status === 'successful' && started.delete(job.jobID)) finished.value = job.jobID;
}

export async function readJobs(): Promise<void> {
  try {
    jobs.value = await getJobs(MOST_JOBS);
    runsError.value = null;
  } catch (error) {
    runsError.value = detailOf(error);
  }
}

export async function readProcess(id: string): Promise<void> {
  try {
    const process = await getProcess(id, language.peek());
    described.value = new Map(described.peek()).set(id, process);
    runsError.value = null;
  } catch (error) {
    runsError.value = detailOf(error);
  }
}

/** What came out of a run, read once. */
export async function readResults(id: string): Promise<RunResults> {
  const known = results.peek().get(id);
  if (known) return known;
  const found = await getResults(id);
  results.value = new Map(results.peek()).set(id, found);
  return found;
}

export type Refusal = { asks: 'token' | 'unknown' | 'forbidden' } | { detail: string };

/** Does what the server may refuse; the answer is null, or why it did. */
export async function attempt(act: () => Promise<void>): Promise<Refusal | null> {
  try {
    await act();
    return null;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      const had = sessionStorage.getItem('token') !== null;
      keepToken(null);
      return { asks: error.status === 403 ? 'forbidden' : had ? 'unknown' : 'token' };
    }
    return { detail: detailOf(error) };
  }
}

export const start = (process: string, inputs: Record<string, unknown>) =>
  attempt(async () => {
    const job = await startRun(process, inputs);
    started.add(job.jobID);
    openRun.value = job.jobID;
    put(job);
  });

/** Cancels a run; of one that has ended, removes it. */
export const dismiss = (job: Job) =>
  attempt(async () => {
    const after = await dismissJob(job.jobID);
    started.delete(job.jobID);
    if (isActive(job)) put(after);
    else {
      jobs.value = jobs.peek().filter((one) => one.jobID !== job.jobID);
      if (openRun.peek() === job.jobID) openRun.value = null;
    }
  });

async function poll(): Promise<void> {
  const active = jobs.peek().filter(isActive);
  for (const job of active) {
    try {
      put(await getJob(job.jobID));
      runsError.value = null;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        jobs.value = jobs.peek().filter((one) => one.jobID !== job.jobID);
      } else runsError.value = detailOf(error);
    }
  }
}

/** Asks for the simulations, and for runs while some are active. */
export function followRuns(): void {
  effect(() => {
    const lang = language.value;
    getProcesses(lang)
      .then((found) => {
        processes.value = found;
        untracked(() => [...described.value.keys()].forEach((id) => void readProcess(id)));
      })
      .catch((error: unknown) => {
        processes.value ??= [];
        runsError.value = detailOf(error);
      });
  });
  effect(() => {
    if (hasProcesses.value) void readJobs();
  });
  const busy = computed(() => jobs.value.some(isActive));
  effect(() => {
    if (!busy.value) return undefined;
    let stopped = false;
    let timer = 0;
    const again = () => {
      timer = window.setTimeout(() => void poll().then(() => !stopped && again()), POLL_MS);
    };
    again();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  });
}
