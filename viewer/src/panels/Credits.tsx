/** Whose data is on screen, in one quiet line. */
import { t } from '../i18n';
import { city, layers } from '../state/store';

const ENGINE = 'CesiumJS';

export function Credits() {
  const shown = new Set(layers.value.filter((view) => view.visible).map((view) => view.id));
  const sources = (city.value?.layers ?? [])
    .filter((layer) => shown.has(layer.id) && layer.source)
    .map((layer) => [layer.source, layer.licence].filter(Boolean).join(', '));
  const line = [...new Set(sources)].slice(0, 3).concat(ENGINE).join(' · ');
  return (
    <p class="credits" aria-label={t('credits.label')} title={line}>
      {line}
    </p>
  );
}
