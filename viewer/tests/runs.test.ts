import { afterEach, describe, expect, it, vi } from 'vitest';
import { described, readProcess } from '../src/state/runs';

afterEach(() => vi.unstubAllGlobals());

describe('descriptions of models', () => {
  it('are all kept, in whichever order they come', async () => {
    const waiting = new Map<string, (answer: Response) => void>();
    vi.stubGlobal(
      'fetch',
      (url: string) =>
        new Promise<Response>((resolve) =>
          waiting.set(new URL(url, 'http://x').pathname.split('/').pop()!, resolve),
        ),
    );
    const reading = [readProcess('energy'), readProcess('sun')];
    for (const id of ['sun', 'energy']) {
      waiting.get(id)!(new Response(JSON.stringify({ id, inputs: {}, outputs: {} })));
      await new Promise((resolve) => setTimeout(resolve));
    }
    await Promise.all(reading);
    expect([...described.value.keys()].sort()).toEqual(['energy', 'sun']);
  });
});
