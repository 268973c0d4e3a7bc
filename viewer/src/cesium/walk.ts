/** The view from a point: the camera stands at eye height, dragging looks around, leaving goes back. */
import { Cartographic, CameraEventType, Math as CesiumMath } from '@cesium/engine';
import { effect, signal } from '@preact/signals';
import { tool } from '../state/store';
import { readCamera, setCamera } from './camera';
import { takeClicks } from './picking';
import type { Stage } from './stage';

/** Height of the eyes above the ground [m]. */
const EYE_HEIGHT = 1.65;

export const standing = signal(false);

export function offerWalk(stage: Stage): void {
  const controls = stage.scene.screenSpaceCameraController;
  stage.owner.own(
    effect(() => {
      if (tool.value !== 'walk') return undefined;
      const before = readCamera(stage);
      const lookEvents = controls.lookEventTypes;
      takeClicks({
        point(position) {
          if (standing.peek()) return;
          const at = Cartographic.fromCartesian(position);
          standing.value = true;
          controls.enableRotate = controls.enableTilt = controls.enableZoom = false;
          controls.enableCollisionDetection = false;
          controls.lookEventTypes = CameraEventType.LEFT_DRAG;
          setCamera(stage, {
            lon: CesiumMath.toDegrees(at.longitude),
            lat: CesiumMath.toDegrees(at.latitude),
            height: at.height + EYE_HEIGHT,
            heading: before.heading,
            pitch: 2,
          });
        },
      });
      return () => {
        takeClicks(null);
        if (!standing.peek()) return;
        controls.enableRotate = controls.enableTilt = controls.enableZoom = true;
        controls.enableCollisionDetection = true;
        controls.lookEventTypes = lookEvents;
        standing.value = false;
        setCamera(stage, before);
      };
    }),
  );
}
