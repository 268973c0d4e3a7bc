/** The slim bar of tools; one is active at a time, Escape leaves it. */
import { heading, zoom } from '../cesium/camera';
import { stage } from '../cesium/open';
import { type Key, t } from '../i18n';
import { goHome, takePicture, toggleTool, turnNorth } from '../state/actions';
import { city, sheet, tool, type ToolId, underground } from '../state/store';
import { Icon, type IconName, Needle } from './icons';
import { planShown, togglePlan } from './PlanPanel';

const TOOLS: { id: ToolId; label: Key; icon: IconName }[] = [
  { id: 'distance', label: 'tools.distance', icon: 'ruler' },
  { id: 'height', label: 'tools.height', icon: 'height' },
  { id: 'area', label: 'tools.area', icon: 'area' },
  { id: 'section', label: 'tools.section', icon: 'section' },
  { id: 'walk', label: 'tools.walk', icon: 'walk' },
  { id: 'sun', label: 'tools.sun', icon: 'sun' },
];

function Button({
  label,
  icon,
  pressed,
  act,
}: {
  label: string;
  icon: IconName;
  pressed?: boolean;
  act: () => void;
}) {
  return (
    <button class="round" aria-label={label} data-tip={label} aria-pressed={pressed} onClick={act}>
      <Icon name={icon} />
    </button>
  );
}

export function ToolBar() {
  if (!city.value?.home) return null;
  const nudge = (factor: number) => stage.value && zoom(stage.value, factor);
  return (
    <div
      class={`panel tools ${sheet.value === 'tools' ? 'sheet-open' : ''}`}
      role="toolbar"
      aria-orientation="vertical"
      aria-label={t('tools.title')}
    >
      <button class="round" aria-label={t('tools.north')} data-tip={t('tools.north')} onClick={turnNorth}>
        <Needle heading={heading.value} />
      </button>
      <Button label={t('tools.home')} icon="home" act={goHome} />
      <Button label={t('tools.zoomin')} icon="plus" act={() => nudge(0.3)} />
      <Button label={t('tools.zoomout')} icon="minus" act={() => nudge(-0.4)} />
      <hr />
      {TOOLS.map(({ id, label, icon }) => (
        <Button
          key={id}
          label={t(label)}
          icon={icon}
          pressed={tool.value === id}
          act={() => toggleTool(id)}
        />
      ))}
      <Button label={t('tools.plan')} icon="plan" pressed={planShown()} act={togglePlan} />
      <Button
        label={t('tools.underground')}
        icon="underground"
        pressed={underground.value}
        act={() => (underground.value = !underground.value)}
      />
      <hr />
      <Button label={t('tools.screenshot')} icon="camera" act={() => void takePicture()} />
    </div>
  );
}
