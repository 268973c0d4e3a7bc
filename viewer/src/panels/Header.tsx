/** The top row: the city's name, the search box, language, theme, share. */
import { shareView } from '../state/actions';
import { city, language, theme } from '../state/store';
import { t } from '../i18n';
import { Icon } from './icons';
import { Search } from './Search';
import { AlertButton } from './SidePanel';
import { SimulateButton } from './Simulate';

export function cityTitle(): string {
  const title = city.value?.title;
  if (!title) return t('app.title');
  return typeof title === 'string' ? title : title[language.value];
}

export function Header() {
  const dark = theme.value === 'dark';
  const themeLabel = t(dark ? 'header.theme.light' : 'header.theme.dark');
  return (
    <header class="header">
      <h1 class="brand panel">
        <Icon name="cube" size={20} />
        <span>{cityTitle()}</span>
      </h1>
      <Search />
      <div class="panel header-actions">
        <AlertButton />
        <SimulateButton />
        <button
          class="plain"
          lang={language.value === 'ko' ? 'en' : 'ko'}
          aria-label={t('header.language')}
          onClick={() => (language.value = language.value === 'ko' ? 'en' : 'ko')}
        >
          {t('header.language.short')}
        </button>
        <button
          class="round"
          aria-label={themeLabel}
          title={themeLabel}
          onClick={() => (theme.value = dark ? 'light' : 'dark')}
        >
          <Icon name={dark ? 'sun' : 'moon'} />
        </button>
        <button
          class="round"
          aria-label={t('header.share')}
          title={t('header.share')}
          onClick={() => void shareView()}
        >
          <Icon name="link" />
        </button>
      </div>
    </header>
  );
}
