/** The layer list: groups, order, and which picture lies on the ground. */
import { useSignal } from '@preact/signals';
import type { LayerInfo } from '../client/types';
import { type Key, t } from '../i18n';
import { baseMap, city, layerInfo, layers, moveLayer, sheet } from '../state/store';
import { Icon } from './icons';
import { EnergyLayer } from './EnergyLayer';
import { FloodLayer } from './FloodLayer';
import { LayerRow } from './LayerRow';
import { LiveLayers } from './SensorLayer';
import { SunLayer } from './SunLayer';

function Group({ title, members }: { title: Key; members: LayerInfo[] }) {
  const dragged = useSignal<string | null>(null);
  const over = useSignal<string | null>(null);
  const order = layers.value.map((view) => view.id);
  const drop = (target: string) => {
    const moved = dragged.value;
    dragged.value = over.value = null;
    if (moved && moved !== target) moveLayer(moved, order.indexOf(target));
  };
  const nudge = (id: string, step: number) => {
    const ids = members.map((member) => member.id);
    const neighbour = ids[ids.indexOf(id) + step];
    if (neighbour) moveLayer(id, order.indexOf(neighbour));
  };
  return (
    <section>
      <h3>{t(title)}</h3>
      <ul class="layer-list">
        {members.map((member) => (
          <li
            key={member.id}
            class={over.value === member.id ? 'drop-here' : undefined}
            onDragOver={(event) => {
              event.preventDefault();
              over.value = member.id;
            }}
            onDrop={() => drop(member.id)}
          >
            <LayerRow
              layer={member}
              onDragStart={() => (dragged.value = member.id)}
              onDragEnd={() => (dragged.value = over.value = null)}
              onNudge={(step) => nudge(member.id, step)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function BaseChoice() {
  const choices: { id: typeof baseMap.value; label: Key }[] = [];
  if (city.value?.imagery) choices.push({ id: 'own', label: 'base.own' });
  if (city.value?.base_map_url) choices.push({ id: 'custom', label: 'base.custom' });
  if (choices.length === 0) return null;
  choices.push({ id: 'none', label: 'base.none' });
  return (
    <section>
      <h3 id="base-title">{t('layers.group.base')}</h3>
      <div class="choices" role="radiogroup" aria-labelledby="base-title">
        {choices.map(({ id, label }) => (
          <label key={id}>
            <input
              type="radio"
              name="base"
              checked={baseMap.value === id}
              onChange={() => (baseMap.value = id)}
            />
            <span>{t(label)}</span>
          </label>
        ))}
      </div>
    </section>
  );
}

export function Layers() {
  const hidden = useSignal(false);
  const known = layers.value.flatMap((view) => layerInfo(view.id) ?? []);
  const above = known.filter((layer) => !layer.underground);
  const below = known.filter((layer) => layer.underground);
  if (!city.value) return null;
  if (hidden.value && sheet.value !== 'layers') {
    return (
      <button
        class="panel layers-reopen round"
        aria-label={t('layers.open')}
        title={t('layers.open')}
        onClick={() => (hidden.value = false)}
      >
        <Icon name="layers" />
      </button>
    );
  }
  return (
    <nav
      class={`panel layers ${sheet.value === 'layers' ? 'sheet-open' : ''}`}
      aria-labelledby="layers-title"
      data-covers="left"
    >
      <div class="panel-head">
        <h2 id="layers-title">{t('layers.title')}</h2>
        <button
          class="round"
          aria-label={t('layers.hide')}
          title={t('layers.hide')}
          onClick={() => {
            if (sheet.value === 'layers') sheet.value = null;
            else hidden.value = true;
          }}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="panel-body">
        <EnergyLayer />
        <SunLayer />
        <FloodLayer />
        <LiveLayers />
        {above.length > 0 && <Group title="layers.group.surface" members={above} />}
        {below.length > 0 && <Group title="layers.group.underground" members={below} />}
        <BaseChoice />
      </div>
    </nav>
  );
}
