/** On a phone: three buttons at the bottom that raise the panels as sheets. */
import { type Key, t } from '../i18n';
import { city, selection, sheet, type Sheet, sidePanel } from '../state/store';
import { pickSensor } from '../state/sensors';
import { probe } from '../state/flood';
import { hasProcesses } from '../state/runs';
import { Icon, type IconName } from './icons';
import { simulateShown, toggleSimulate } from './Simulate';

const SHEETS: { id: Sheet; label: Key; icon: IconName }[] = [
  { id: 'layers', label: 'layers.title', icon: 'layers' },
  { id: 'time', label: 'time.title', icon: 'sun' },
  { id: 'tools', label: 'tools.title', icon: 'ruler' },
];

export function PhoneBar() {
  if (!city.value) return null;
  return (
    <div class="panel phone-bar">
      {SHEETS.map(({ id, label, icon }) => (
        <button
          key={id}
          aria-expanded={sheet.value === id}
          onClick={() => {
            selection.value = null;
            pickSensor(null);
            probe.value = null;
            sidePanel.value = null;
            sheet.value = sheet.value === id ? null : id;
          }}
        >
          <Icon name={icon} size={20} />
          <span>{t(label)}</span>
        </button>
      ))}
      {hasProcesses.value && (
        <button aria-expanded={simulateShown()} onClick={toggleSimulate}>
          <Icon name="flask" size={20} />
          <span>{t('runs.title')}</span>
        </button>
      )}
    </div>
  );
}
