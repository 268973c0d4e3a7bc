/** Whose data is on screen, in one quiet line. */
import { t } from '../i18n';
import { city, layers } from '../state/store';

const ENGINE = 'CesiumJS';
/** Sources in the line; the others are told when it is pointed at. */
const MOST = 3;

export function Credits() {
  const shown = new Set(layers.value.filter((view) => view.visible).map((view) => view.id));
  const sources = (city.value?.layers ?? [])
    .filter((layer) => shown.has(layer.id) && layer.source)
    .map((layer) => [layer.source, layer.licence].filter(Boolean).join(', '));
  const terrain = city.value?.terrain?.licence;
  const all = [...new Set(terrain ? [...sources, terrain] : sources)];
  return (
    <p class="credits" aria-label={t('credits.label')} title={[...all, ENGINE].join(' · ')}>
      {[...all.slice(0, MOST), ENGINE].join(' · ')}
    </p>
  );
}
