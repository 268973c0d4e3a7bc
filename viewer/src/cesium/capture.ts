/** The picture as a PNG file. */
import type { Stage } from './stage';

export async function saveScreenshot(stage: Stage, name: string): Promise<void> {
  stage.scene.render();
  const blob = await new Promise<Blob | null>((take) => stage.scene.canvas.toBlob(take, 'image/png'));
  if (!blob) throw new Error('canvas');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.png`;
  link.click();
  URL.revokeObjectURL(link.href);
}
