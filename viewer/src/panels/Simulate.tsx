/** The panel of simulations: which one, its form, and the runs. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { probe } from '../state/flood';
import { described, hasProcesses, processes, readJobs, readProcess } from '../state/runs';
import { pickedSensor } from '../state/sensors';
import { selection, sheet, sidePanel } from '../state/store';
import { Icon } from './icons';
import { RunForm } from './RunForm';
import { RunList } from './RunList';

export function toggleSimulate(): void {
  const open = simulateShown();
  selection.value = null;
  pickedSensor.value = null;
  probe.value = null;
  sheet.value = null;
  sidePanel.value = open ? null : 'simulate';
}

export const simulateShown = () =>
  sidePanel.value === 'simulate' &&
  selection.value === null &&
  pickedSensor.value === null &&
  probe.value === null;

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
  const head = useRef<HTMLHeadingElement>(null);
  const chosen = useSignal<string | null>(null);
  const all = processes.value ?? [];
  const id = chosen.value ?? all[0]?.id ?? '';
  useSignalEffect(() => {
    const wanted = chosen.value ?? processes.value?.[0]?.id;
    if (wanted && !described.peek().has(wanted)) void readProcess(wanted);
  });
  useEffect(() => {
    head.current?.focus({ preventScroll: true });
    void readJobs();
  }, []);
  const process = described.value.get(id);
  return (
    <aside class="panel inspector simulate" aria-labelledby="simulate-title" data-covers="right">
      <div class="panel-head">
        <h2 id="simulate-title" ref={head} tabIndex={-1}>
          {t('runs.title')}
        </h2>
        <button
          class="round"
          aria-label={t('common.close')}
          title={t('common.close')}
          onClick={() => (sidePanel.value = null)}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="panel-body" tabIndex={0} role="group" aria-labelledby="simulate-title">
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
        {process ? (
          <RunForm key={process.id} process={process} />
        ) : (
          <p class="quiet">{t('layers.loading')}</p>
        )}
        <RunList />
      </div>
    </aside>
  );
}

export function Simulate() {
  return simulateShown() && hasProcesses.value ? <Body /> : null;
}
