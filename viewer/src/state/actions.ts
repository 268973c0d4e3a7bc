/** What the person can do, by name: buttons, the search box's commands and keys all call these. */
import { saveScreenshot } from '../cesium/capture';
import { flyHome, northUp } from '../cesium/camera';
import { stage } from '../cesium/open';
import type { Key } from '../i18n';
import type { IconName } from '../panels/icons';
import {
  city,
  instant,
  language,
  speed,
  staged,
  theme,
  toast,
  tool,
  type ToolId,
  underground,
  zone,
} from './store';
import { toLocal } from './zone';

export function toggleTool(id: ToolId): void {
  tool.value = tool.value === id ? null : id;
}

export function showNow(): void {
  speed.value = 0;
  staged.value = false;
  instant.value = Date.now();
}

export async function shareView(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    toast.value = { key: 'share.copied' };
  } catch {
    toast.value = { key: 'share.failed' };
  }
}

export async function takePicture(): Promise<void> {
  if (!stage.value) return;
  const local = toLocal(instant.value, zone.value);
  try {
    await saveScreenshot(stage.value, `${city.value?.name ?? 'city'}-${local.date}`);
  } catch {
    toast.value = { key: 'tools.screenshot.failed' };
  }
}

const withStage = (act: (made: NonNullable<typeof stage.value>) => void) => () => {
  if (stage.value) act(stage.value);
};

export interface Command {
  id: string;
  label: Key;
  icon: IconName;
  run: () => void;
}

export const goHome = withStage(flyHome);
export const turnNorth = withStage(northUp);

export const COMMANDS: Command[] = [
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
  {
    id: 'underground',
    label: 'command.underground',
    icon: 'underground',
    run: () => (underground.value = !underground.value),
  },
  { id: 'screenshot', label: 'command.screenshot', icon: 'camera', run: () => void takePicture() },
  { id: 'share', label: 'command.share', icon: 'link', run: () => void shareView() },
  { id: 'now', label: 'command.now', icon: 'now', run: showNow },
];
