/** The panel of simulations: which one, its form, and the runs. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n';
import { described, hasProcesses, processes, proposed, readJobs, readProcess } from '../state/runs';
import { Icon } from './icons';
import { RunForm } from './RunForm';
import { RunList } from './RunList';
import { SideFrame, sideShown, toggleSide } from './SideFrame';

export function toggleSimulate(): void {
  toggleSide('simulate', simulateShown());
}

export const simulateShown = () => sideShown('simulate');

/** The button in the top row. */
export function SimulateButton() {
  if (!hasProcesses.value) return null;
  return (
    <button
      class="round simulate-button"
      aria-label={t('runs.title')}
      title={t('runs.title')}
      aria-expanded={simulateShown()}
      onClick={toggleSimulate}
    >
      <Icon name="flask" />
    </button>
  );
}

function Body() {
  const chosen = useSignal<string | null>(proposed.peek()?.process ?? null);
  const all = processes.value ?? [];
  const id = chosen.value ?? all[0]?.id ?? '';
  useSignalEffect(() => {
    const wanted = chosen.value ?? processes.value?.[0]?.id;
    if (wanted && !described.peek().has(wanted)) void readProcess(wanted);
  });
  useEffect(() => {
    void readJobs();
    return () => (proposed.value = null);
  }, []);
  const process = described.value.get(id);
  return (
    <SideFrame name="simulate" title={t('runs.title')}>
      {all.length > 1 ? (
        <label class="field">
          <span>{t('runs.model')}</span>
          <select value={id} onChange={(event) => (chosen.value = event.currentTarget.value)}>
            {all.map((one) => (
              <option key={one.id} value={one.id}>
                {one.title}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <p class="model-name">{all[0]?.title}</p>
      )}
      {process ? <RunForm key={process.id} process={process} /> : <p class="quiet">{t('layers.loading')}</p>}
      <RunList />
    </SideFrame>
  );
}

export function Simulate() {
  return simulateShown() && hasProcesses.value ? <Body /> : null;
}
