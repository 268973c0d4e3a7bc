/** Why the server refused to start or stop a run, and the form for a token when it wants one. */
import { t } from '../i18n';
import type { Refusal } from '../state/runs';
import { TokenForm } from './TokenForm';

export function RefusalNote({
  refusal,
  busy,
  again,
}: {
  refusal: Refusal | null;
  busy: boolean;
  again: () => void;
}) {
  if (!refusal) return null;
  if ('detail' in refusal) {
    return (
      <p class="problem" role="alert">
        {t('runs.refused', { detail: refusal.detail || t('offline.title') })}
      </p>
    );
  }
  return (
    <>
      {refusal.asks !== 'token' && (
        <p class="problem" role="alert">
          {t(refusal.asks === 'unknown' ? 'alerts.token.unknown' : 'runs.forbidden')}
        </p>
      )}
      <TokenForm busy={busy} done={again} />
    </>
  );
}
