/** A vertical section: two clicks draw a line, and what lies between it and the camera is cut away. */
import {
  Cartesian3,
  ClippingPlane,
  ClippingPlaneCollection,
  Color,
  Matrix4,
  Transforms,
} from '@cesium/engine';
import { effect, signal, untracked } from '@preact/signals';
import { tool } from '../state/store';
import { takeClicks } from './picking';
import type { Stage } from './stage';
import { tilesets } from './tilesets';

/** How many ends of the line have been set: 0, 1, or 2 when the cut stands. */
export const sectionPoints = signal(0);

/** CesiumJS documents this matrix but leaves it out of its types. */
type WithOrigin = { clippingPlanesOriginMatrix: Matrix4 };

const EDGE = { edgeWidth: 1.5, edgeColor: Color.fromCssColorString('#d9480f') };

interface Clippable {
  clippingPlanes: ClippingPlaneCollection;
}

/** Cuts with one plane; a collection, once made, stays with its owner, as CesiumJS stumbles over a removed one. */
function clip(target: Clippable, normal: Cartesian3, modelMatrix: Matrix4): void {
  const plane = new ClippingPlane(normal, 0);
  const before = target.clippingPlanes as ClippingPlaneCollection | undefined;
  if (!before) {
    target.clippingPlanes = new ClippingPlaneCollection({ planes: [plane], modelMatrix, ...EDGE });
    return;
  }
  before.removeAll();
  before.add(plane);
  before.modelMatrix = modelMatrix;
  before.enabled = true;
}

function unclip(target: Clippable): void {
  const planes = target.clippingPlanes as ClippingPlaneCollection | undefined;
  if (planes) planes.enabled = false;
}

/** The horizontal normal, in the frame at `from`, that points away from the camera. */
function keepingNormal(stage: Stage, frame: Matrix4, to: Cartesian3): Cartesian3 | null {
  const toLocal = Matrix4.inverseTransformation(frame, new Matrix4());
  const along = Matrix4.multiplyByPoint(toLocal, to, new Cartesian3());
  const eye = Matrix4.multiplyByPoint(toLocal, stage.scene.camera.positionWC, new Cartesian3());
  const normal = new Cartesian3(-along.y, along.x, 0);
  if (Cartesian3.magnitude(normal) < 0.5) return null;
  Cartesian3.normalize(normal, normal);
  return Cartesian3.dot(normal, eye) > 0 ? Cartesian3.negate(normal, normal) : normal;
}

function cut(stage: Stage, from: Cartesian3, to: Cartesian3): boolean {
  const frame = Transforms.eastNorthUpToFixedFrame(from);
  const normal = keepingNormal(stage, frame, to);
  if (!normal) return false;
  clip(stage.scene.globe, normal, frame);
  for (const { tileset } of tilesets.value.values()) {
    const origin = Matrix4.inverseTransformation(
      (tileset as unknown as WithOrigin).clippingPlanesOriginMatrix,
      new Matrix4(),
    );
    clip(tileset, normal, Matrix4.multiply(origin, frame, origin));
  }
  stage.draw();
  return true;
}

function mend(stage: Stage): void {
  unclip(stage.scene.globe);
  for (const { tileset } of tilesets.value.values()) unclip(tileset);
  sectionPoints.value = 0;
  stage.draw();
}

export function offerSection(stage: Stage): void {
  stage.owner.own(
    effect(() => {
      if (tool.value !== 'section') return undefined;
      let first: Cartesian3 | null = null;
      const giveBack = takeClicks({
        point(position) {
          if (!first) {
            untracked(() => mend(stage));
            first = Cartesian3.clone(position);
            sectionPoints.value = 1;
          } else if (untracked(() => cut(stage, first!, position))) {
            first = null;
            sectionPoints.value = 2;
          }
        },
      });
      return () => {
        giveBack();
        mend(stage);
      };
    }),
  );
}
