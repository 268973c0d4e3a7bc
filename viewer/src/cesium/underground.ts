/** The ground as glass, so that what lies below it shows. */
import { Color, NearFarScalar } from '@cesium/engine';
import { effect } from '@preact/signals';
import { theme, underground } from '../state/store';
import type { Stage } from './stage';

const UNDERGROUND = { light: '#cfcac1', dark: '#12161b' };

export function offerUnderground(stage: Stage): void {
  const { globe, screenSpaceCameraController: controls } = stage.scene;
  globe.translucency.frontFaceAlphaByDistance = new NearFarScalar(100, 0.28, 4000, 0.6);
  stage.owner.own(
    effect(() => {
      globe.translucency.enabled = underground.value;
      globe.undergroundColor = Color.fromCssColorString(UNDERGROUND[theme.value]);
      controls.enableCollisionDetection = !underground.value;
      stage.draw();
    }),
  );
}
