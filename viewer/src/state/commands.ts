/** What the search box offers to do, by name. */
import type { Key } from '../i18n';
import type { IconName } from '../panels/icons';
import { goHome, shareView, showNow, takePicture, toggleTool, turnNorth } from './actions';
import { chartOpen } from './charts';
import { hasSensors, pickSensor, sensorView } from './sensors';
import { probe } from './flood';
import { energyRun } from './energy';
import { hasProcesses } from './runs';
import { language, selection, sidePanel, type SidePanel, theme, underground } from './store';

export interface Command {
  id: string;
  label: Key;
  icon: IconName;
  run: () => void;
}

/** Commands that mean nothing where there are no readings. */
const OF_SENSORS = new Set(['sensors', 'alerts', 'devices', 'quality', 'anomalies', 'chart']);

/** Commands that mean nothing without a run of energy. */
const OF_ENERGY = new Set(['district', 'retrofit', 'costs']);

function openSide(panel: SidePanel): void {
  selection.value = null;
  pickSensor(null);
  probe.value = null;
  sidePanel.value = panel;
}

/** Those that the city has a use for. */
export const commands = () =>
  COMMANDS.filter(({ id }) =>
    id === 'simulate'
      ? hasProcesses.value
      : OF_ENERGY.has(id)
        ? energyRun.value !== null
        : hasSensors.value || !OF_SENSORS.has(id),
  );

const COMMANDS: Command[] = [
  { id: 'home', label: 'command.home', icon: 'home', run: goHome },
  { id: 'north', label: 'command.north', icon: 'target', run: turnNorth },
  { id: 'dark', label: 'command.dark', icon: 'moon', run: () => (theme.value = 'dark') },
  { id: 'light', label: 'command.light', icon: 'sun', run: () => (theme.value = 'light') },
  {
    id: 'language',
    label: 'command.language',
    icon: 'language',
    run: () => (language.value = language.value === 'ko' ? 'en' : 'ko'),
  },
  { id: 'distance', label: 'command.distance', icon: 'ruler', run: () => toggleTool('distance') },
  { id: 'height', label: 'command.height', icon: 'height', run: () => toggleTool('height') },
  { id: 'area', label: 'command.area', icon: 'area', run: () => toggleTool('area') },
  { id: 'section', label: 'command.section', icon: 'section', run: () => toggleTool('section') },
  { id: 'walk', label: 'command.walk', icon: 'walk', run: () => toggleTool('walk') },
  { id: 'sun', label: 'command.sun', icon: 'sun', run: () => toggleTool('sun') },
  { id: 'plan', label: 'command.plan', icon: 'plan', run: () => openSide('plan') },
  {
    id: 'underground',
    label: 'command.underground',
    icon: 'underground',
    run: () => (underground.value = !underground.value),
  },
  { id: 'screenshot', label: 'command.screenshot', icon: 'camera', run: () => void takePicture() },
  { id: 'share', label: 'command.share', icon: 'link', run: () => void shareView() },
  {
    id: 'sensors',
    label: 'command.sensors',
    icon: 'sensor',
    run: () => (sensorView.value = { ...sensorView.value, visible: !sensorView.value.visible }),
  },
  { id: 'alerts', label: 'command.alerts', icon: 'bell', run: () => openSide('alerts') },
  { id: 'devices', label: 'command.devices', icon: 'bell', run: () => openSide('devices') },
  { id: 'quality', label: 'command.quality', icon: 'flag', run: () => openSide('quality') },
  { id: 'anomalies', label: 'command.anomalies', icon: 'chart', run: () => openSide('anomalies') },
  { id: 'chart', label: 'command.chart', icon: 'chart', run: () => (chartOpen.value = true) },
  { id: 'simulate', label: 'command.simulate', icon: 'flask', run: () => openSide('simulate') },
  { id: 'district', label: 'command.district', icon: 'chart', run: () => openSide('district') },
  { id: 'retrofit', label: 'command.retrofit', icon: 'plan', run: () => openSide('retrofit') },
  { id: 'costs', label: 'energy.costs', icon: 'chart', run: () => openSide('costs') },
  { id: 'now', label: 'command.now', icon: 'now', run: showNow },
];
