/** The view from a point: the camera stands at eye height, dragging looks around, leaving goes back. */
import { CameraEventType, Cartesian3, Cartographic, Math as CesiumMath } from '@cesium/engine';
import { effect, signal } from '@preact/signals';
import { tool, underground } from '../state/store';
import { readCamera, setCamera } from './camera';
import { takeClicks } from './picking';
import type { Stage } from './stage';

/** Height of the eyes above the ground [m]. */
const EYE_HEIGHT = 1.65;
/** How far to stand away from the point, so as not to stand in a wall [m]. */
const STEP_BACK = 4;

export const standing = signal(false);

export function offerWalk(stage: Stage): void {
  const controls = stage.scene.screenSpaceCameraController;
  stage.owner.own(
    effect(() => {
      if (tool.value !== 'walk') return undefined;
      const before = readCamera(stage);
      const lookEvents = controls.lookEventTypes;
      const giveBack = takeClicks({
        point(position) {
          if (standing.peek()) return;
          const back = Cartesian3.subtract(stage.scene.camera.positionWC, position, new Cartesian3());
          Cartesian3.multiplyByScalar(Cartesian3.normalize(back, back), STEP_BACK, back);
          const eyes = Cartographic.fromCartesian(Cartesian3.add(position, back, back));
          const at = Cartographic.fromCartesian(position);
          standing.value = true;
          controls.enableRotate = controls.enableTilt = controls.enableZoom = false;
          controls.enableCollisionDetection = false;
          controls.lookEventTypes = CameraEventType.LEFT_DRAG;
          setCamera(stage, {
            lon: CesiumMath.toDegrees(eyes.longitude),
            lat: CesiumMath.toDegrees(eyes.latitude),
            height: at.height + EYE_HEIGHT,
            heading: before.heading,
            pitch: 2,
          });
        },
      });
      return () => {
        giveBack();
        if (!standing.peek()) return;
        controls.enableRotate = controls.enableTilt = controls.enableZoom = true;
        controls.enableCollisionDetection = !underground.peek();
        controls.lookEventTypes = lookEvents;
        standing.value = false;
        setCamera(stage, before);
      };
    }),
  );
}
