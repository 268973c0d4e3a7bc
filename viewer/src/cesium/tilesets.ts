/** One tileset per layer: made when first shown, kept in step with the layer's state, destroyed with the stage. */
import { Cesium3DTileColorBlendMode, Cesium3DTileset, type CustomShader, ShadowMode } from '@cesium/engine';
import { effect, signal, untracked } from '@preact/signals';
import { lostServer, offline } from '../client/api';
import type { LayerInfo } from '../client/types';
import { classifier, numberClassifier } from '../layers/classify';
import { readingOf, readingsOf } from '../state/colouring';
import { energyOf, paintOf } from '../state/energy';
import { buildingValues, runValueOf } from '../state/flood';
import { razed } from '../state/plan';
import {
  highlighted,
  layerHealth,
  layers,
  reportHealth,
  reportPending,
  theme,
  underground,
} from '../state/store';
import { light } from './light';
import { createMatter, isFlat, matterKind, setMatter } from './matter';
import type { Stage } from './stage';
import { styleFor, type TintRule } from './tint';

/** What is left of a road's or a water's opacity while one looks underground. */
const GLASS = 0.3;

export interface TilesetEntry {
  layer: LayerInfo;
  tileset: Cesium3DTileset;
  shader: CustomShader;
  rule: TintRule;
}

/** The tilesets that stand in the scene, by layer. */
export const tilesets = signal<ReadonlyMap<string, TilesetEntry>>(new Map());

function reportWaiting(layer: string, count: number): void {
  reportHealth(layer, { loading: count > 0 });
  reportPending(layer, count);
}

function shadowsOf(layer: LayerInfo): ShadowMode {
  if (layer.underground) return ShadowMode.DISABLED;
  return isFlat(matterKind(layer)) ? ShadowMode.RECEIVE_ONLY : ShadowMode.ENABLED;
}

async function openTileset(stage: Stage, layer: LayerInfo, url: string): Promise<void> {
  reportHealth(layer.id, { loading: true, error: null });
  let tileset: Cesium3DTileset;
  try {
    tileset = await Cesium3DTileset.fromUrl(url, {
      maximumScreenSpaceError: stage.quality.maximumScreenSpaceError,
      cacheBytes: 256 * 1024 * 1024,
      maximumCacheOverflowBytes: 128 * 1024 * 1024,
      shadows: shadowsOf(layer),
      preloadFlightDestinations: true,
      enableCollision: false,
    });
  } catch (error) {
    reportHealth(layer.id, { loading: false, error: error instanceof Error ? error.message : String(error) });
    return;
  }
  if (stage.widget.isDestroyed()) {
    tileset.destroy();
    return;
  }
  const shader = createMatter();
  tileset.customShader = shader;
  tileset.colorBlendMode = Cesium3DTileColorBlendMode.REPLACE;
  tileset.environmentMapManager.enabled = false;
  tileset.loadProgress.addEventListener((requests: number, processing: number) =>
    reportWaiting(layer.id, requests + processing),
  );
  tileset.tileFailed.addEventListener((failure: { url: string; message: string }) => {
    reportHealth(layer.id, { error: `${new URL(failure.url, location.href).pathname}: ${failure.message}` });
    void fetch('/health', { cache: 'no-store' }).catch(lostServer);
  });
  stage.scene.primitives.add(tileset);
  reportHealth(layer.id, { loading: true });
  const rule: TintRule = {
    highlighted: new Set(),
    opacity: 1,
    attribute: null,
    values: null,
    classifier: null,
    guessed: null,
    hidden: new Set(),
  };
  tilesets.value = new Map(tilesets.value).set(layer.id, { layer, tileset, shader, rule });
}

function dropTileset(stage: Stage, id: string): void {
  const entry = tilesets.value.get(id);
  if (!entry) return;
  stage.scene.primitives.remove(entry.tileset);
  entry.shader.destroy();
  const rest = new Map(tilesets.value);
  rest.delete(id);
  tilesets.value = rest;
  reportWaiting(id, 0);
}

/** Loads a layer again, after a failure or when the server is back. */
export async function reloadLayer(stage: Stage, layer: LayerInfo): Promise<void> {
  dropTileset(stage, layer.id);
  if (layer.url) await openTileset(stage, layer, layer.url);
}

/** Loads anew the layers of which something did not come. */
function retryFailed(stage: Stage): void {
  for (const layer of stage.city.layers) {
    if (layerHealth.peek()[layer.id]?.error) void reloadLayer(stage, layer);
  }
}

function followLayer(entry: TilesetEntry): void {
  const view = layers.value.find((item) => item.id === entry.layer.id);
  if (!view) return;
  const kind = matterKind(entry.layer);
  entry.tileset.show = view.visible;
  const by = view.classification;
  const energy = energyOf(by?.attribute);
  const paint = energy === null ? null : paintOf(energy);
  const ofRun = runValueOf(by?.attribute);
  const values =
    ofRun !== null
      ? (buildingValues.value.get(ofRun) ?? null)
      : readingOf(by?.attribute) === null
        ? null
        : readingsOf(entry.layer.id);
  const attribute = by ? entry.layer.attributes.find((item) => item.id === by.attribute) : undefined;
  entry.rule = {
    highlighted: highlighted.value,
    opacity: view.opacity * (underground.value && isFlat(kind) ? GLASS : 1),
    attribute: values || paint ? by!.attribute : (attribute?.id ?? null),
    values: (paint ?? values)?.byId ?? null,
    guessed: paint?.guessed ?? null,
    classifier: paint
      ? paint.classifier
      : by && values
        ? numberClassifier(by, values.range)
        : by && attribute
          ? classifier(by, attribute)
          : null,
    hidden: razed.value,
  };
  entry.tileset.style = styleFor(entry.rule);
  const { sun, sky, bounce, casts, shadow } = light.value;
  setMatter(entry.shader, kind, theme.value, {
    sun,
    sky,
    bounce,
    shadow: casts && !entry.layer.underground ? shadow : 0,
  });
}

export function showLayers(stage: Stage): void {
  const asked = new Set<string>();
  stage.owner.own(
    effect(() => {
      for (const view of layers.value) {
        const layer = stage.city.layers.find((item) => item.id === view.id);
        if (!view.visible || !layer?.url || layer.state === 'failed' || asked.has(view.id)) continue;
        asked.add(view.id);
        untracked(() => void openTileset(stage, layer, layer.url!));
      }
    }),
  );
  stage.owner.own(
    effect(() => {
      for (const entry of tilesets.value.values()) followLayer(entry);
      stage.draw();
    }),
  );
  let away = offline.peek();
  stage.owner.own(
    offline.subscribe((now) => {
      if (away && !now) retryFailed(stage);
      away = now;
    }),
  );
  stage.owner.own(() => {
    for (const id of [...tilesets.value.keys()]) dropTileset(stage, id);
  });
}
