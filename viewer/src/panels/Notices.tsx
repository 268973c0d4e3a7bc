/** What the person must know: progress, a lost server, a broken scene, a short word that fades. */
import { useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { offline } from '../client/api';
import { type Key, t } from '../i18n';
import { announced } from '../state/alerts';
import { sensors } from '../state/sensors';
import {
  city,
  cityError,
  language,
  pending,
  sceneError,
  terrainError,
  toast,
  vacancy,
  webglMissing,
} from '../state/store';
import { Icon } from './icons';

const TOAST_MS = 3500;

export function Progress() {
  const busy = pending.value > 0 || (city.value === null && cityError.value === null);
  const label = city.value === null ? t('load.city') : t('load.tiles', { count: pending.value });
  return (
    <div class={`progress ${busy ? 'busy' : ''}`} role="progressbar" aria-label={label} aria-hidden={!busy}>
      <div />
    </div>
  );
}

function Banner({ title, detail, retry }: { title: Key; detail?: string; retry?: boolean }) {
  return (
    <div class="panel banner" role="alert">
      <Icon name="warning" />
      <div>
        <b>{t(title)}</b>
        {detail && <p>{detail}</p>}
      </div>
      {retry && (
        <button class="plain" onClick={() => location.reload()}>
          {t('error.reload')}
        </button>
      )}
    </div>
  );
}

/** The newest alert, said aloud. */
function Announcement() {
  const alert = announced.value;
  const place = alert?.thing == null ? '' : (sensors.peek().get(alert.thing)?.name ?? '');
  return (
    <p class="unseen" role="log" aria-live="polite">
      {alert && t('alerts.announce', { title: alert.title[language.value], place })}
    </p>
  );
}

export function Notices() {
  useSignalEffect(() => {
    if (!toast.value) return undefined;
    const timer = setTimeout(() => (toast.value = null), TOAST_MS);
    return () => clearTimeout(timer);
  });
  useEffect(() => {
    let away = offline.peek();
    return offline.subscribe((now) => {
      if (away && !now) toast.value = { key: 'offline.back' };
      away = now;
    });
  }, []);
  return (
    <div class="notices">
      {offline.value && <Banner title="offline.title" detail={t('offline.text')} />}
      {city.value === null && cityError.value !== null && !offline.value && (
        <Banner title="error.city" detail={cityError.value} retry />
      )}
      {vacancy.value !== null && <Banner title={vacancy.value} retry />}
      {webglMissing.value && <Banner title="error.webgl" />}
      {terrainError.value !== null && <Banner title="error.terrain" detail={terrainError.value} />}
      {sceneError.value !== null && <Banner title="error.scene" detail={sceneError.value} retry />}
      <Announcement />
      <div role="status" aria-live="polite">
        {toast.value && <p class="panel toast">{t(toast.value.key, toast.value.values)}</p>}
      </div>
    </div>
  );
}
