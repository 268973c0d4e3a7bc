/** The server's events: readings and alerts as they come, again after every break, by asking when there is no stream. */
import { lostServer, offline } from './api';
import type { Alert, ReadingEvent } from './sensorTypes';

export interface EventTakers {
  reading: (reading: ReadingEvent) => void;
  alert: (alert: Alert) => void;
  /** Everything has to be read anew: after a break, and now and then while there is no stream. */
  anew: () => void;
  /** Whether events come by themselves. */
  state: (streaming: boolean) => void;
}

const POLL_MS = 5000;
/** How often a stream that was refused is asked for again. */
const RETRY_MS = 30_000;

function parsed<T>(event: Event): T | null {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as T;
  } catch {
    return null;
  }
}

/** Listens until the answer is called. */
export function listen(takers: EventTakers): () => void {
  let source: EventSource | null = null;
  let polling = 0;
  let retry = 0;
  let opened = false;

  const poll = () => {
    takers.state(false);
    if (polling === 0) polling = window.setInterval(takers.anew, POLL_MS);
  };
  const stopPolling = () => {
    clearInterval(polling);
    polling = 0;
  };
  const open = () => {
    clearTimeout(retry);
    source?.close();
    const made = (source = new EventSource('/events'));
    made.onopen = () => {
      stopPolling();
      takers.state(true);
      if (opened) takers.anew();
      opened = true;
    };
    made.onerror = () => {
      poll();
      void fetch('/health', { cache: 'no-store' }).catch(lostServer);
      if (made.readyState === EventSource.CLOSED) retry = window.setTimeout(open, RETRY_MS);
    };
    made.addEventListener('observation', (event) => {
      const reading = parsed<ReadingEvent>(event);
      if (reading) takers.reading(reading);
    });
    made.addEventListener('alert', (event) => {
      const alert = parsed<Alert>(event);
      if (alert) takers.alert(alert);
    });
    made.addEventListener('reset', takers.anew);
  };

  open();
  let away = offline.peek();
  const unwatch = offline.subscribe((now) => {
    if (away && !now) open();
    away = now;
  });
  return () => {
    unwatch();
    stopPolling();
    clearTimeout(retry);
    source?.close();
  };
}
