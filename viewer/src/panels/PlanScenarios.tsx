/** Saving a plan as a scenario, and opening those that were saved. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n';
import { plan } from '../state/plan';
import { detailOf, type Refusal } from '../state/runs';
import { dropScenario, openScenario, readScenarios, saveScenario, scenarios } from '../state/scenarios';
import { Icon } from './icons';
import { RefusalNote } from './RefusalNote';

type Attempt = () => Promise<Refusal | null>;

export function PlanScenarios() {
  const name = useSignal('');
  const refusal = useSignal<Refusal | null>(null);
  const busy = useSignal(false);
  const last = useSignal<Attempt>(readScenarios);
  const act = async (what: Attempt) => {
    last.value = what;
    busy.value = true;
    refusal.value = await what();
    busy.value = false;
  };
  useEffect(() => void act(readScenarios), []);
  const open = (id: number) =>
    act(async () => {
      try {
        return (await openScenario(id)) ? null : { detail: t('plan.scenario.empty') };
      } catch (error) {
        return { detail: detailOf(error) };
      }
    });
  const now = plan.value;
  const known = scenarios.value ?? [];
  return (
    <section class="plan-scenarios">
      <h3>{t('plan.scenarios')}</h3>
      {now && (
        <form
          class="run-actions"
          onSubmit={(event) => {
            event.preventDefault();
            const wanted = name.value.trim();
            if (wanted) void act(() => saveScenario(wanted, now));
          }}
        >
          <input
            type="text"
            required
            maxLength={100}
            aria-label={t('plan.scenario.name')}
            placeholder={t('plan.scenario.name')}
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
          <button class="plain" disabled={busy.value}>
            {t('plan.scenario.save')}
          </button>
        </form>
      )}
      <RefusalNote refusal={refusal.value} busy={busy.value} again={() => void act(last.value)} />
      <ul class="sun-spells">
        {known.map((one) => (
          <li key={one.id}>
            <button class="plain" onClick={() => void open(one.id)}>
              <Icon name="plan" size={15} /> {one.name}
            </button>
            <small>{t('plan.scenario.number', { number: String(one.id) })}</small>
            <button
              class="round small"
              aria-label={t('plan.scenario.delete', { name: one.name })}
              title={t('plan.scenario.delete', { name: one.name })}
              disabled={busy.value}
              onClick={() => void act(() => dropScenario(one.id))}
            >
              <Icon name="close" size={14} />
            </button>
          </li>
        ))}
      </ul>
      {known.length === 0 && <p class="quiet">{t('plan.scenario.none')}</p>}
    </section>
  );
}
