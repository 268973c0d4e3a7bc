/** A question to the server that follows the view: asked when it rests, given up when another takes its place. */
import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { detailOf } from './runs';

const REST_MS = 120;

export interface Asked<T> {
  /** The last one stays while the next is awaited. */
  answer: Signal<T | null>;
  error: Signal<string | null>;
  busy: Signal<boolean>;
}

export const asked = <T>(): Asked<T> => ({
  answer: signal(null),
  error: signal(null),
  busy: signal(false),
});

/** Follows a question, told as JSON, or null where nothing is to be asked; what is returned ends it. */
export function follow<Q, T>(
  question: ReadonlySignal<string | null>,
  ask: (question: Q, abort: AbortSignal) => Promise<T>,
  { answer, error, busy }: Asked<T>,
): () => void {
  return effect(() => {
    const text = question.value;
    error.value = null;
    if (text === null) {
      answer.value = null;
      return undefined;
    }
    busy.value = true;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(JSON.parse(text) as Q, abort.signal)
        .then((found) => {
          if (!abort.signal.aborted) answer.value = found;
        })
        .catch((problem: unknown) => {
          if (abort.signal.aborted) return;
          answer.value = null;
          error.value = detailOf(problem);
        })
        .finally(() => {
          if (!abort.signal.aborted) busy.value = false;
        });
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
      busy.value = false;
    };
  });
}
