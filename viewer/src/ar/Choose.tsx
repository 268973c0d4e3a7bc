/** The first step: what to see, where one is, and whether anything may be remembered. */
import { dateText, t } from '../i18n';
import { city, language } from '../state/store';
import { forget, offered, titleOf } from './actions';
import { chosenLayers, consent, kept, outside, sensorsShown } from './state';
import { locating, placeTrouble, starting } from './start';

interface Props {
  linked: boolean;
  start: () => void;
  stand: () => void;
}

function Switch({ name, on, change }: { name: string; on: boolean; change: (on: boolean) => void }) {
  return (
    <label class="switch">
      <input type="checkbox" checked={on} onChange={(event) => change(event.currentTarget.checked)} />
      <span>{name}</span>
    </label>
  );
}

function toggle(id: string, on: boolean): void {
  const chosen = new Set(chosenLayers.value);
  if (on) chosen.add(id);
  else chosen.delete(id);
  chosenLayers.value = chosen;
}

function Remember() {
  const known = kept.value;
  return (
    <fieldset>
      <legend>{t('ar.remember')}</legend>
      <Switch name={t('ar.remember.switch')} on={consent.value} change={(on) => (consent.value = on)} />
      <p class="quiet">{t('ar.remember.why')}</p>
      {known && (
        <p class="kept">
          <span>
            {t('ar.remember.kept', { count: known.looks.length })}{' '}
            {t('ar.remember.until', { date: dateText(known.expires, city.value?.timezone ?? 'UTC') })}
          </span>
          <button class="plain" onClick={() => void forget()}>
            {t('ar.remember.delete')}
          </button>
        </p>
      )}
    </fieldset>
  );
}

export function Choose({ linked, start, stand }: Props) {
  return (
    <main class="choose panel">
      <h1>{t('ar.title')}</h1>
      <p class="quiet">{t('ar.intro')}</p>
      <fieldset>
        <legend>{t('ar.choose')}</legend>
        <div class="switches">
          {offered().map(({ id, title }) => (
            <Switch
              key={id}
              name={titleOf(title, language.value)}
              on={chosenLayers.value.has(id)}
              change={(on) => toggle(id, on)}
            />
          ))}
          {city.value?.sensors && (
            <Switch
              name={t('ar.sensors')}
              on={sensorsShown.value}
              change={(on) => (sensorsShown.value = on)}
            />
          )}
        </div>
      </fieldset>
      <fieldset>
        <legend>{t('ar.where')}</legend>
        <p class="quiet">{linked ? t('ar.why.camera') : `${t('ar.why.place')} ${t('ar.why.camera')}`}</p>
        <p class="problem" role="status">
          {placeTrouble.value ? t(placeTrouble.value) : outside.value ? t('ar.outside') : ''}
        </p>
        <div class="starts">
          <button class="primary" disabled={starting.value || locating.value} onClick={start}>
            {t(locating.value ? 'ar.locating' : linked ? 'ar.start.link' : 'ar.start')}
          </button>
          <button class="secondary" disabled={starting.value} onClick={stand}>
            {t('ar.stand')}
          </button>
        </div>
      </fieldset>
      <Remember />
    </main>
  );
}
