/** What the person can do, by name: buttons, the search box's commands and keys all call these. */
import { saveScreenshot } from '../cesium/capture';
import { flyHome, northUp } from '../cesium/camera';
import { stage } from '../cesium/open';
import { city, instant, live, speed, staged, toast, tool, type ToolId, zone } from './store';
import { toLocal } from './zone';

export function toggleTool(id: ToolId): void {
  tool.value = tool.value === id ? null : id;
}

export function showNow(): void {
  speed.value = 0;
  staged.value = false;
  live.value = true;
  instant.value = Date.now();
}

/** Shows another time than the present, of readings as of the sun. */
export function showTime(epochMs: number): void {
  staged.value = false;
  live.value = false;
  instant.value = epochMs;
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

export const goHome = withStage(flyHome);
export const turnNorth = withStage(northUp);
