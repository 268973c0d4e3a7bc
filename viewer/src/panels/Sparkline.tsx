/** The last day of a datastream as a small line. */
import type { SeriesPart } from '../client/sensorTypes';
import { t } from '../i18n';
import { readingText } from '../i18n/readings';
import { sparkPath } from '../sensors/series';

const WIDTH = 96;
const HEIGHT = 26;

export function Sparkline({ part }: { part: SeriesPart | undefined }) {
  const path = part ? sparkPath(part.times, part.values, WIDTH, HEIGHT) : '';
  if (!part || path === '') return <span class="spark-none">{t('sensors.spark.none')}</span>;
  const numbers = part.values.filter((value) => value !== null);
  const label = t('sensors.spark', {
    least: readingText('', Math.min(...numbers), part.unit),
    most: readingText('', Math.max(...numbers), part.unit),
  });
  return (
    <svg
      class="spark"
      width={WIDTH + 4}
      height={HEIGHT + 4}
      viewBox={`-2 -2 ${WIDTH + 4} ${HEIGHT + 4}`}
      role="img"
      aria-label={label}
    >
      <path d={path} />
    </svg>
  );
}
