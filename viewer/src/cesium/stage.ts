/** The scene: globe, sun clock, camera limits; renders on demand and owns what the other bindings put in it. */
import {
  Camera,
  CesiumTerrainProvider,
  CesiumWidget,
  Color,
  EllipsoidTerrainProvider,
  Ion,
  type Scene,
  ShadowMode,
} from '@cesium/engine';
import type { PlacedCity } from '../client/types';
import { reportPending, terrainError } from '../state/store';
import { Owner } from './owner';
import type { QualitySettings } from './quality';

export interface Stage {
  scene: Scene;
  widget: CesiumWidget;
  quality: QualitySettings;
  city: PlacedCity;
  owner: Owner;
  /** Asks for one more frame. */
  draw: () => void;
}

async function terrainOf(city: PlacedCity) {
  if (!city.terrain) return new EllipsoidTerrainProvider();
  try {
    return await CesiumTerrainProvider.fromUrl(city.terrain.url);
  } catch (error) {
    terrainError.value = error instanceof Error ? error.message : String(error);
    return new EllipsoidTerrainProvider();
  }
}

export async function createStage(
  container: HTMLElement,
  city: PlacedCity,
  quality: QualitySettings,
): Promise<Stage> {
  Ion.defaultAccessToken = '';
  Camera.DEFAULT_VIEW_FACTOR = 0;
  const credits = document.createElement('div');
  const widget = new CesiumWidget(container, {
    baseLayer: false,
    terrainProvider: await terrainOf(city),
    skyBox: false,
    skyAtmosphere: false,
    requestRenderMode: true,
    maximumRenderTimeChange: Infinity,
    msaaSamples: quality.msaaSamples,
    creditContainer: credits,
    showRenderLoopErrors: false,
    blurActiveElementOnCanvasFocus: true,
    scene3DOnly: true,
    terrainShadows: ShadowMode.RECEIVE_ONLY,
    contextOptions: { webgl: { preserveDrawingBuffer: true, powerPreference: 'high-performance' } },
  });
  widget.resolutionScale = quality.resolutionScale;
  widget.canvas.style.imageRendering = 'auto';
  const { scene } = widget;
  scene.globe.baseColor = Color.WHITE;
  scene.globe.depthTestAgainstTerrain = true;
  scene.globe.showGroundAtmosphere = false;
  scene.globe.enableLighting = false;
  scene.globe.maximumScreenSpaceError = quality.name === 'low' ? 3 : 2;
  scene.fog.enabled = false;
  scene.highDynamicRange = false;
  const controls = scene.screenSpaceCameraController;
  controls.minimumZoomDistance = 2;
  controls.maximumZoomDistance = 60_000;

  const owner = new Owner();
  owner.own(() => widget.destroy());
  owner.own(
    scene.globe.tileLoadProgressEvent.addEventListener((count: number) => reportPending('ground', count)),
  );
  return { scene, widget, quality, city, owner, draw: () => scene.requestRender() };
}
