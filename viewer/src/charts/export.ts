/** The chart as a picture file, with its title and the names of its series. */

export interface PictureLine {
  colour: string;
  text: string;
}

const MARGIN = 16;
const LINE = 22;

export async function savePicture(
  chart: HTMLCanvasElement,
  title: string,
  lines: PictureLine[],
  colours: { paper: string; ink: string },
  font: string,
): Promise<void> {
  const density = window.devicePixelRatio;
  const canvas = document.createElement('canvas');
  const head = (MARGIN * 2 + LINE * (lines.length + 1)) * density;
  canvas.width = chart.width + 2 * MARGIN * density;
  canvas.height = chart.height + head + MARGIN * density;
  const context = canvas.getContext('2d')!;
  context.fillStyle = colours.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(chart, MARGIN * density, head);
  context.scale(density, density);
  context.fillStyle = colours.ink;
  context.font = `600 15px ${font}`;
  context.fillText(title, MARGIN, MARGIN + 14);
  context.font = `13px ${font}`;
  lines.forEach((line, index) => {
    const y = MARGIN + 14 + LINE * (index + 1);
    context.fillStyle = line.colour;
    context.fillRect(MARGIN, y - 6, 16, 3);
    context.fillStyle = colours.ink;
    context.fillText(line.text, MARGIN + 24, y);
  });
  const blob = await new Promise<Blob | null>((take) => canvas.toBlob(take, 'image/png'));
  if (!blob) throw new Error('canvas');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = `${title}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
