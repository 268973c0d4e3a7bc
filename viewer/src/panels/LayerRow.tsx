/** One layer: eye, name, state in words when it is not well, and under it opacity, colour and where it is from. */
import { useSignal } from '@preact/signals';
import { stage } from '../cesium/open';
import { reloadLayer } from '../cesium/tilesets';
import type { LayerInfo } from '../client/types';
import { dateText, number, t, term } from '../i18n';
import { language, layerHealth, layers, underground, updateLayer, zone } from '../state/store';
import { ColourBy } from './ColourBy';
import { type Fact, FactList } from './FactList';
import { Icon } from './icons';
import { LayerFrame, OpacityField } from './LayerFrame';
import { Legend } from './Legend';

interface Props {
  layer: LayerInfo;
  onDragStart: () => void;
  onDragEnd: () => void;
  onNudge: (step: number) => void;
}

/** Why a layer shows nothing, or null when it does. */
function layerTrouble(layer: LayerInfo): string | null {
  const loadError = layerHealth.value[layer.id]?.error;
  if (loadError) return t('layers.failed', { reason: loadError });
  if (layer.state === 'failed') {
    return t('layers.failed', { reason: layer.reason ?? t('layers.failed.unknown') });
  }
  if (layer.state === 'untiled') return t('layers.untiled');
  if (layer.state === 'empty') return t('layers.empty');
  return null;
}

function Facts({ layer }: { layer: LayerInfo }) {
  const classes = Object.entries(layer.classes)
    .map(([name, count]) => `${term('class', name)} ${number(count)}`)
    .join(', ');
  const rows: Fact[] = [
    [t('layers.classes'), classes],
    [t('layers.source'), layer.source],
    [t('layers.date'), layer.date && dateText(layer.date, zone.value)],
    [t('layers.licence'), layer.licence],
  ];
  return <FactList as="facts" facts={rows} />;
}

export function LayerRow({ layer, onDragStart, onDragEnd, onNudge }: Props) {
  const expanded = useSignal(false);
  const view = layers.value.find((item) => item.id === layer.id);
  if (!view) return null;
  const title = layer.title[language.value];
  const trouble = layerTrouble(layer);
  const shown = layer.state === 'ready';
  const loading = view.visible && (layerHealth.value[layer.id]?.loading ?? false);
  const toggle = () => {
    if (!view.visible && layer.underground) underground.value = true;
    updateLayer(layer.id, { visible: !view.visible });
  };
  return (
    <LayerFrame
      title={title}
      visible={view.visible && shown}
      toggle={toggle}
      disabled={!shown}
      state={loading ? t('layers.loading') : number(layer.objects)}
      stateTitle={t('layers.objects', { count: layer.objects })}
      expanded={expanded}
      grip={
        <button
          class="grip"
          draggable
          aria-label={t('layers.move', { layer: title })}
          onDragStart={onDragStart}
          onDragEnd={onDragEnd}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
            event.preventDefault();
            onNudge(event.key === 'ArrowUp' ? -1 : 1);
          }}
        >
          <Icon name="grip" size={14} />
        </button>
      }
      below={
        <>
          {trouble && (
            <div class={`layer-trouble ${layer.state === 'empty' ? 'quiet' : 'problem'}`}>
              <p>{trouble}</p>
              {layerHealth.value[layer.id]?.error && stage.value && (
                <button class="plain" onClick={() => void reloadLayer(stage.value!, layer)}>
                  {t('common.retry')}
                </button>
              )}
            </div>
          )}
          {view.visible && view.classification && !expanded.value && <Legend layer={layer} view={view} />}
        </>
      }
    >
      {shown && (
        <>
          <OpacityField
            title={title}
            opacity={view.opacity}
            least={5}
            change={(opacity) => updateLayer(layer.id, { opacity })}
          />
          <ColourBy layer={layer} view={view} />
        </>
      )}
      <Facts layer={layer} />
    </LayerFrame>
  );
}
