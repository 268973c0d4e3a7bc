/** Simulations and their runs: OGC API Processes, and the files that runs leave. */
import { ApiError, get, getIn, lostServer, post, putFile, remove } from './api';

export interface InputSchema {
  type?: string;
  format?: string;
  enum?: (string | number)[];
  /** Of each choice, in the language that was asked for. */
  'x-enum-titles'?: Record<string, string>;
  minimum?: number;
  maximum?: number;
  default?: unknown;
  items?: InputSchema | false;
  'x-ogc-unit'?: string;
}

export interface ProcessInput {
  title: string;
  description?: string;
  minOccurs: number;
  schema: InputSchema;
}

export interface ProcessSummary {
  id: string;
  title: string;
  description: string;
}

export interface ProcessOutput {
  title: string;
  schema: { contentMediaType?: string; 'x-ogc-unit'?: string };
}

export interface Process extends ProcessSummary {
  inputs: Record<string, ProcessInput>;
  outputs: Record<string, ProcessOutput>;
}

export type JobState = 'accepted' | 'running' | 'successful' | 'failed' | 'dismissed';

export interface Job {
  jobID: string;
  processID: string;
  status: JobState;
  message: string;
  /** Percent. */
  progress: number;
  created?: string;
  started?: string;
  finished?: string;
}

/** A result of a run: JSON as it is, a file by its address. */
export interface RunResult {
  value?: unknown;
  href?: string;
  type?: string;
}

export type RunResults = Record<string, RunResult>;

export const isActive = (job: Job) => job.status === 'accepted' || job.status === 'running';

export const getProcesses = async (language: string) =>
  (await getIn<{ processes: ProcessSummary[] }>('/processes', language)).processes;

export const getProcess = (id: string, language: string) =>
  getIn<Process>(`/processes/${encodeURIComponent(id)}`, language);

export const startRun = (process: string, inputs: Record<string, unknown>) =>
  post<Job>(
    `/processes/${encodeURIComponent(process)}/execution`,
    { inputs, response: 'document' },
    { prefer: 'respond-async' },
  );

/** How long a run would take; nothing is run. */
export interface RunEstimate {
  /** Null when nothing is known. */
  seconds: number | null;
  /** At its peak, and of the server's machine [bytes]. */
  memory: number | null;
  available: number | null;
  /** Earlier runs that the time is taken from. */
  runs: number;
}

export const estimateRun = (process: string, inputs: Record<string, unknown>, abort: AbortSignal) =>
  post<RunEstimate>(`/processes/${encodeURIComponent(process)}/estimate`, { inputs }, {}, abort);

/** Hands in a file as an input; the answer goes where a run takes one. */
export const putInput = async (file: File) =>
  (await putFile<{ reference: string }>(`/inputs/${encodeURIComponent(file.name)}`, file)).reference;

export const getJobs = async (limit: number) => (await get<{ jobs: Job[] }>(`/jobs?limit=${limit}`)).jobs;
export const getJob = (id: string) => get<Job>(`/jobs/${encodeURIComponent(id)}`);
export const dismissJob = (id: string) => remove<Job>(`/jobs/${encodeURIComponent(id)}`);
export const getResults = (id: string) => get<RunResults>(`/jobs/${encodeURIComponent(id)}/results?f=json`);

/** A part of a run's file, or all of it. */
export async function getBytes(
  run: string,
  file: string,
  part?: { from: number; length: number },
  abort?: AbortSignal,
): Promise<ArrayBuffer> {
  const path = `/runs/${encodeURIComponent(run)}/${file.split('/').map(encodeURIComponent).join('/')}`;
  const headers: Record<string, string> = part
    ? { range: `bytes=${part.from}-${part.from + part.length - 1}` }
    : {};
  let answer: Response;
  try {
    answer = await fetch(path, { headers, signal: abort ?? null });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    lostServer();
    throw new ApiError(0, '');
  }
  if (!answer.ok) throw new ApiError(answer.status, `${path}: ${answer.status} ${answer.statusText}`);
  const bytes = await answer.arrayBuffer();
  if (!part || answer.status === 206) return bytes;
  return bytes.slice(part.from, part.from + part.length);
}
