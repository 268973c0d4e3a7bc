/** Alerts, devices, doubtful readings and anomalies, at the right while nothing is picked. */
import { useEffect } from 'preact/hooks';
import { type Key, number, t } from '../i18n';
import { openAlerts } from '../state/alerts';
import { hasSensors } from '../state/sensors';
import { sidePanel, type SidePanel as Tab } from '../state/store';
import { AlertList } from './AlertList';
import { AnomalyList } from './AnomalyList';
import { DeviceList } from './DeviceList';
import { Icon } from './icons';
import { QualityList } from './QualityList';
import { CloseButton, closeSide, sideShown, toggleSide } from './SideFrame';

type SensorTab = Extract<Tab, 'alerts' | 'devices' | 'quality' | 'anomalies'>;

const TABS: { id: SensorTab; label: Key }[] = [
  { id: 'alerts', label: 'alerts.title' },
  { id: 'devices', label: 'devices.title' },
  { id: 'quality', label: 'quality.title' },
  { id: 'anomalies', label: 'anomalies.title' },
];

const sensorTab = (): SensorTab | null => TABS.find(({ id }) => id === sidePanel.value)?.id ?? null;

export function toggleAlerts(): void {
  const tab = sensorTab();
  toggleSide(tab ?? 'alerts', tab !== null && sideShown(tab));
}

/** The button in the top row, with the number of open alerts. */
export function AlertButton() {
  if (!hasSensors.value) return null;
  const count = openAlerts.value.length;
  const label = count > 0 ? t('alerts.open', { count }) : t('alerts.title');
  const grave = openAlerts.value.some((alert) => alert.severity === 'critical');
  return (
    <button
      class="round bell"
      aria-label={label}
      title={label}
      aria-expanded={sensorTab() !== null}
      onClick={toggleAlerts}
    >
      <Icon name="bell" />
      {count > 0 && (
        <span class={`count ${grave ? 'critical' : ''}`} aria-hidden="true">
          {count > 99 ? '99+' : number(count)}
        </span>
      )}
    </button>
  );
}

function Tabs({ now }: { now: SensorTab }) {
  const keys = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const index = TABS.findIndex(({ id }) => id === now);
    const next = TABS[(index + step + TABS.length) % TABS.length]!;
    sidePanel.value = next.id;
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={t('side.title')} onKeyDown={keys}>
      {TABS.map(({ id, label }) => (
        <button
          key={id}
          id={`tab-${id}`}
          role="tab"
          aria-selected={id === now}
          aria-controls="side-body"
          tabIndex={id === now ? 0 : -1}
          onClick={() => (sidePanel.value = id)}
        >
          {t(label)}
        </button>
      ))}
    </div>
  );
}

function Body({ tab }: { tab: SensorTab }) {
  useEffect(() => {
    document.getElementById(`tab-${tab}`)?.focus({ preventScroll: true });
  }, []);
  return (
    <aside class="panel inspector side-panel" aria-label={t('side.title')} data-covers="right">
      <div class="panel-head">
        <Tabs now={tab} />
        <CloseButton close={closeSide} />
      </div>
      <div class="panel-body" id="side-body" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'alerts' && <AlertList />}
        {tab === 'devices' && <DeviceList />}
        {tab === 'quality' && <QualityList />}
        {tab === 'anomalies' && <AnomalyList />}
      </div>
    </aside>
  );
}

export function SidePanel() {
  const tab = sensorTab();
  return tab !== null && hasSensors.value && sideShown(tab) ? <Body tab={tab} /> : null;
}
