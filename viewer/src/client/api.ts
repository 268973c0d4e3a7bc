/** The one way to the server: JSON in, `ApiError` out, and a watch that tells when it is out of reach and back. */
import { signal } from '@preact/signals';
import { readToken } from './token';
import type { City, CityObject, Position, SearchResult } from './types';

/** What went wrong, as the server said it (problem details, RFC 9457), or that it said nothing (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

export const offline = signal(false);
const RETRY_MS = [1000, 2000, 4000, 8000];

let watching = false;

async function watch(): Promise<void> {
  if (watching) return;
  watching = true;
  for (let attempt = 0; offline.value; attempt++) {
    await new Promise((wake) => setTimeout(wake, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
    try {
      const answer = await fetch('/health', { cache: 'no-store' });
      if (answer.ok) offline.value = false;
    } catch {
      continue;
    }
  }
  watching = false;
}

/** Marks the server as out of reach and asks `/health` until it answers again. */
export function lostServer(): void {
  offline.value = true;
  void watch();
}

async function problem(answer: Response): Promise<ApiError> {
  try {
    const body = (await answer.json()) as { detail?: unknown; title?: unknown };
    const detail = body.detail ?? body.title;
    if (typeof detail === 'string') return new ApiError(answer.status, detail);
  } catch {
    return new ApiError(answer.status, answer.statusText);
  }
  return new ApiError(answer.status, answer.statusText);
}

async function ask<T>(path: string, settings: RequestInit): Promise<T> {
  const token = readToken();
  const headers = {
    accept: 'application/json',
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(settings.headers as Record<string, string> | undefined),
  };
  let answer: Response;
  try {
    answer = await fetch(path, { ...settings, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    lostServer();
    throw new ApiError(0, '');
  }
  if (!answer.ok) throw await problem(answer);
  if (answer.status === 204) return null as T;
  try {
    return (await answer.json()) as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(answer.status, String(error));
  }
}

export const get = <T>(path: string, abort?: AbortSignal) => ask<T>(path, { signal: abort ?? null });
export const post = <T>(
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  abort?: AbortSignal,
) =>
  ask<T>(path, {
    method: 'POST',
    signal: abort ?? null,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    }),
  });
export const putFile = <T>(path: string, body: Blob) =>
  ask<T>(path, { method: 'PUT', body, headers: { 'content-type': 'application/octet-stream' } });
export const remove = <T>(path: string) => ask<T>(path, { method: 'DELETE' });
/** JSON in the reader's language. */
export const getIn = <T>(path: string, language: string) =>
  ask<T>(path, { headers: { 'accept-language': language } });

export const getCity = () => get<City>('/city');

export const getObject = (id: string, abort?: AbortSignal) =>
  get<CityObject>(`/objects/${encodeURIComponent(id)}`, abort);

/** Where an object stands, or where its first part does when it has no geometry of its own. */
export async function locate(id: string): Promise<Position | null> {
  const object = await getObject(id);
  const part = object.children?.[0];
  if (object.position || !part) return object.position ?? null;
  return (await getObject(part.id)).position ?? null;
}

export const searchObjects = async (query: string, abort?: AbortSignal) =>
  (await get<{ results: SearchResult[] }>(`/search?limit=20&q=${encodeURIComponent(query)}`, abort)).results;
