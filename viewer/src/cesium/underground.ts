/** The ground as glass, so that what lies below it shows; the layers down there show with it. */
import { Color, NearFarScalar } from '@cesium/engine';
import { effect, untracked } from '@preact/signals';
import { layers, theme, underground } from '../state/store';
import type { Stage } from './stage';

const UNDERGROUND = { light: '#cfcac1', dark: '#12161b' };

export function offerUnderground(stage: Stage): void {
  const { globe, screenSpaceCameraController: controls } = stage.scene;
  globe.translucency.frontFaceAlphaByDistance = new NearFarScalar(100, 0.4, 6000, 0.55);
  const below = new Set(stage.city.layers.flatMap((layer) => (layer.underground ? [layer.id] : [])));
  let before = underground.peek();
  stage.owner.own(
    effect(() => {
      const visible = underground.value;
      if (visible === before) return;
      before = visible;
      untracked(() => {
        layers.value = layers.value.map((view) => (below.has(view.id) ? { ...view, visible } : view));
      });
    }),
  );
  stage.owner.own(
    effect(() => {
      globe.translucency.enabled = underground.value;
      globe.undergroundColor = Color.fromCssColorString(UNDERGROUND[theme.value]);
      controls.enableCollisionDetection = !underground.value;
      stage.draw();
    }),
  );
}
