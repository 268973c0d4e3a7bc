/** Language and theme: from the link, else as last chosen, else as the browser prefers. */
import { effect } from '@preact/signals';
import type { ViewState } from './share';
import { language, theme } from './store';

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is off; the choice holds for this page.
  }
}

export function startPreferences(linked: ViewState): void {
  const spoken = remembered('language') ?? (navigator.language.startsWith('ko') ? 'ko' : 'en');
  language.value = linked.language ?? (spoken === 'ko' ? 'ko' : 'en');
  const toned =
    remembered('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  theme.value = linked.theme ?? (toned === 'dark' ? 'dark' : 'light');
}

export function followPreferences(): void {
  effect(() => remember('language', language.value));
  effect(() => {
    remember('theme', theme.value);
    document.documentElement.dataset.theme = theme.value;
  });
}
