/** The AR page: the picture over the camera's, and the panels over both. */
import { useEffect, useRef } from 'preact/hooks';
import { offline } from '../client/api';
import { type Key, t } from '../i18n';
import { Icon } from '../panels/icons';
import { city, cityError, language, theme, vacancy, webglMissing } from '../state/store';
import { titleOf } from './actions';
import { Card } from './Card';
import { Choose } from './Choose';
import { step } from './state';
import { Controls, Told } from './Show';

export interface Doings {
  mount: (canvas: HTMLCanvasElement, video: HTMLVideoElement) => void;
  start: () => void;
  stand: () => void;
  back: () => void;
  middle: () => void;
  walk: (metres: number) => void;
}

function Head() {
  const shown = city.value;
  return (
    <header class="head">
      <p class="city panel">{shown ? titleOf(shown.title, language.value) : t('app.title')}</p>
      <div class="head-actions panel">
        <button
          class="plain"
          lang={language.value === 'ko' ? 'en' : 'ko'}
          aria-label={t('header.language')}
          onClick={() => (language.value = language.value === 'en' ? 'ko' : 'en')}
        >
          {t('header.language.short')}
        </button>
        <button
          class="round"
          aria-label={t(theme.value === 'dark' ? 'command.light' : 'command.dark')}
          onClick={() => (theme.value = theme.value === 'dark' ? 'light' : 'dark')}
        >
          <Icon name={theme.value === 'dark' ? 'sun' : 'moon'} />
        </button>
      </div>
    </header>
  );
}

export function App({ doings, linked }: { doings: Doings; linked: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => doings.mount(canvas.current!, video.current!), []);
  const trouble: Key | null = webglMissing.value ? 'error.webgl' : vacancy.value;
  const failed = trouble ? t(trouble) : cityError.value;
  const showing = step.value === 'show';
  useEffect(() => {
    if (showing) canvas.current!.focus();
  }, [showing]);
  return (
    <div class={`ar step-${step.value}`}>
      <video ref={video} playsInline muted aria-hidden="true" tabIndex={-1} />
      <canvas ref={canvas} id="scene" tabIndex={0} role="application" aria-label={t('ar.scene')} />
      <Head />
      {offline.value && (
        <p class="offline panel" role="alert">
          {t('offline.title')} {t('offline.text')}
        </p>
      )}
      {failed !== null ? (
        <p class="failed panel" role="alert">
          {failed}
        </p>
      ) : showing ? (
        <main>
          <div class="reticle" aria-hidden="true" />
          <Told stand={doings.stand} />
          <Card />
          <Controls middle={doings.middle} back={doings.back} walk={doings.walk} />
        </main>
      ) : (
        city.value && <Choose linked={linked} start={doings.start} stand={doings.stand} />
      )}
    </div>
  );
}
