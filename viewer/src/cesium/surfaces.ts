/** Surfaces with values in the scene: those of the shown sun run, and those of the answer to a plan. */
import {
  type Cartesian2,
  Cesium3DTileFeature,
  Cesium3DTileset,
  Cesium3DTileStyle,
  type CustomShader,
  ShadowMode,
} from '@cesium/engine';
import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import type { Quantity } from '../client/sun';
import { bodyShown, compare, plan, planError, splitAt, whatIf } from '../state/plan';
import { shownQuantity, sunError, sunRun, sunView } from '../state/sunRun';
import { reportPending } from '../state/store';
import type { Stage } from './stage';
import { isKnown } from '../sunstudy/quantities';
import { pickValue } from './metadata';
import { createSurfaceMatter, paintKey, type SurfacePaint } from './surfaceMatter';

/** The id under which an answer has the planned building. */
export const PLAN_BUILDING = 'planned';

interface SurfaceLayer {
  tileset: Cesium3DTileset;
  quantity: Quantity | null;
}

/** The tilesets with values that stand in the scene, those of the answer last. */
export const surfaceLayers = signal<readonly SurfaceLayer[]>([]);

interface Wanted {
  name: string;
  url: ReadonlySignal<string | null>;
  paint: ReadonlySignal<SurfacePaint | null>;
  visible: ReadonlySignal<boolean>;
  opacity: ReadonlySignal<number>;
  nearer: number;
  failed: (detail: string) => void;
  /** Called with every tileset that is put into the scene. */
  dress?: (tileset: Cesium3DTileset) => () => void;
}

/** Keeps one tileset in the scene in step with what is wanted; the one before stands until the next is there. */
function followSurfaces(stage: Stage, wanted: Wanted): void {
  let shown: Cesium3DTileset | null = null;
  /** What stands until the shown one is loaded. */
  let former: Cesium3DTileset[] = [];
  let undress: (() => void) | null = null;
  let shader: CustomShader | null = null;
  let painted = '';

  const list = () => {
    const others = surfaceLayers.peek().filter(({ tileset }) => tileset !== shown && !tileset.isDestroyed());
    const mine = shown ? [{ tileset: shown, quantity: wanted.paint.peek()?.quantity ?? null }] : [];
    surfaceLayers.value = [...others, ...mine];
  };
  const dropFormer = () => {
    for (const tileset of former) stage.scene.primitives.remove(tileset);
    former = [];
    list();
    stage.draw();
  };
  const drop = () => {
    undress?.();
    undress = null;
    if (shown) stage.scene.primitives.remove(shown);
    shown = null;
    dropFormer();
    reportPending(wanted.name, 0);
  };
  const dressed = () => {
    const paint = wanted.paint.peek();
    if (!shown || !paint) return;
    const key = paintKey(paint);
    if (!shader || key !== painted) {
      const before = shader;
      shader = createSurfaceMatter(paint, wanted.nearer);
      painted = key;
      shown.customShader = shader;
      before?.destroy();
    } else if (shown.customShader !== shader) shown.customShader = shader;
    shader.setUniform('u_opacity', wanted.opacity.peek());
    shader.setUniform('u_split', splitAt.peek());
    shown.show = wanted.visible.peek();
    list();
    stage.draw();
  };

  const open = async (url: string, stopped: () => boolean): Promise<void> => {
    reportPending(wanted.name, 1);
    try {
      const tileset = await Cesium3DTileset.fromUrl(url, {
        maximumScreenSpaceError: stage.quality.maximumScreenSpaceError,
        shadows: ShadowMode.DISABLED,
        enableCollision: false,
      });
      if (stopped() || stage.widget.isDestroyed()) {
        tileset.destroy();
        return;
      }
      tileset.environmentMapManager.enabled = false;
      tileset.loadProgress.addEventListener((requests: number, processing: number) =>
        reportPending(wanted.name, requests + processing),
      );
      tileset.tileFailed.addEventListener((failure: { message: string }) => wanted.failed(failure.message));
      if (shown) former.push(shown);
      undress?.();
      shown = tileset;
      undress = wanted.dress?.(tileset) ?? null;
      stage.scene.primitives.add(tileset);
      dressed();
      tileset.initialTilesLoaded.addEventListener(() => shown === tileset && dropFormer());
      reportPending(wanted.name, 0);
    } catch (error) {
      if (stopped()) return;
      reportPending(wanted.name, 0);
      wanted.failed(error instanceof Error ? error.message : String(error));
    }
  };

  stage.owner.own(() => shader?.destroy());
  stage.owner.own(drop);
  stage.owner.own(
    effect(() => {
      const url = wanted.url.value;
      let stopped = false;
      untracked(() => (url === null ? drop() : void open(url, () => stopped)));
      return () => {
        stopped = true;
      };
    }),
  );
  stage.owner.own(
    effect(() => {
      void [wanted.paint.value, wanted.visible.value, wanted.opacity.value, splitAt.value];
      untracked(dressed);
    }),
  );
}

const find = (quantities: readonly Quantity[], change: boolean) =>
  quantities.find(({ property }) => property.endsWith('_change') === change) ?? null;

/** What the answer to a plan is drawn by. */
export const planPaint = computed((): SurfacePaint | null => {
  const quantities = whatIf.value?.legend ?? [];
  const [hours, change] = [find(quantities, false), find(quantities, true)];
  if (compare.value === 'change') return change && { quantity: change, reading: 'value' };
  if (!hours) return null;
  if (!change || compare.value === 'after') return { quantity: hours, reading: 'value' };
  return { quantity: hours, change, reading: compare.value };
});

/** Hides the planned building of an answer where its plain body stands instead. */
function hidePlan(tileset: Cesium3DTileset): () => void {
  return effect(() => {
    tileset.style = bodyShown.value
      ? new Cesium3DTileStyle({ show: `\${building} !== '${PLAN_BUILDING}'` })
      : undefined;
  });
}

export function showSurfaces(stage: Stage): void {
  followSurfaces(stage, {
    name: 'sun surfaces',
    url: computed(() => sunRun.value?.tileset ?? null),
    paint: computed(
      () => shownQuantity.value && { quantity: shownQuantity.value, reading: 'value' as const },
    ),
    // Colours of two meanings on one wall cannot be read.
    visible: computed(() => (sunView.value?.visible ?? false) && whatIf.value === null),
    opacity: computed(() => sunView.value?.opacity ?? 1),
    nearer: 1,
    failed: (detail) => (sunError.value = detail),
  });
  followSurfaces(stage, {
    name: 'plan surfaces',
    url: computed(() => (plan.value ? (whatIf.value?.tileset ?? null) : null)),
    paint: planPaint,
    visible: computed(() => plan.value !== null),
    opacity: computed(() => 1),
    nearer: 2,
    failed: (detail) => (planError.value = detail),
    dress: hidePlan,
  });
}

const layerOf = (feature: Cesium3DTileFeature) =>
  surfaceLayers.peek().find(({ tileset }) => tileset === feature.tileset);

const textOf = (feature: Cesium3DTileFeature, name: string): string => {
  const value: unknown = feature.getProperty(name);
  return typeof value === 'string' ? value : '';
};

/** The building of a coloured surface; undefined for any other feature. */
export const buildingOf = (feature: Cesium3DTileFeature): string | undefined =>
  layerOf(feature) && textOf(feature, 'building');

export interface SurfaceHit {
  building: string;
  /** In the unit of its quantity; null where the surface has no value. */
  value: number | null;
  quantity: Quantity | null;
}

/** The surface with values at a point of the canvas, and the value there. */
export function surfaceHit(stage: Stage, at: Cartesian2, picked: unknown): SurfaceHit | null {
  if (!(picked instanceof Cesium3DTileFeature)) return null;
  const layer = layerOf(picked);
  if (!layer) return null;
  const { quantity } = layer;
  const read = quantity && pickValue(stage.scene, at, picked, quantity.property);
  return {
    building: textOf(picked, 'building'),
    value: read !== null && quantity && isKnown(quantity, read) ? read : null,
    quantity,
  };
}
