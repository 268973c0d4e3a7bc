/** Asks for a token, which the tab keeps for itself. */
import { keepToken } from '../client/token';
import { t } from '../i18n';

export function TokenForm({ busy, done }: { busy: boolean; done: () => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    event.stopPropagation();
    const given = new FormData(event.currentTarget as HTMLFormElement).get('token');
    if (typeof given !== 'string' || given.trim() === '') return;
    keepToken(given.trim());
    done();
  };
  return (
    <form class="token-form" onSubmit={submit}>
      <label>
        <span>{t('alerts.token')}</span>
        <input name="token" type="password" autocomplete="off" autoFocus />
      </label>
      <button class="plain" disabled={busy}>
        {t('alerts.token.use')}
      </button>
      <small>{t('alerts.token.note')}</small>
    </form>
  );
}
