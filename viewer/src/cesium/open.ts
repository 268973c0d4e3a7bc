/** Puts the scene together for a city, and tells when the first view stands. */
import { signal } from '@preact/signals';
import type { PlacedCity } from '../client/types';
import { type CameraState, sceneError } from '../state/store';
import { followCamera, lookHome, setCamera } from './camera';
import { playTime } from './clock';
import { drawStage } from './drawing';
import { drapeField } from './field';
import { drapeGround } from './ground';
import { exposeHooks, isLoaded } from './hooks';
import { listenToKeys } from './keys';
import { lightCity } from './light';
import { markRuns } from './marks';
import { offerMeasuring } from './measure';
import { listenToMouse } from './picking';
import { showPlan } from './planBuilding';
import { offerPlanning } from './planTools';
import { chooseQuality } from './quality';
import { offerSection } from './section';
import { showSensors } from './sensors';
import { showSewers } from './sewers';
import { createStage, type Stage } from './stage';
import { drapeSun } from './sunGround';
import { offerSun } from './sunSpot';
import { showSurfaces } from './surfaces';
import { showLayers } from './tilesets';
import { offerUnderground } from './underground';
import { offerWalk } from './walk';
import { showWarnings } from './warnings';
import { showFloods } from './water';

/** The scene that stands, for panels that act on it. */
export const stage = signal<Stage | null>(null);

function firstView(made: Stage): Promise<void> {
  return new Promise((done, fail) => {
    const check = () => {
      if (sceneError.value !== null) fail(new Error(sceneError.value));
      else if (made.widget.isDestroyed() || isLoaded(made)) done();
      else setTimeout(check, 100);
    };
    check();
  });
}

export async function openCity(
  container: HTMLElement,
  city: PlacedCity,
  view: CameraState | undefined,
): Promise<Stage> {
  const quality = chooseQuality(location.search);
  document.documentElement.dataset.quality = quality.name;
  const made = await createStage(container, city, quality);
  made.owner.own(
    made.scene.renderError.addEventListener((_scene: unknown, error: unknown) => {
      sceneError.value = error instanceof Error ? error.message : String(error);
    }),
  );
  followCamera(made);
  if (view) setCamera(made, view);
  else lookHome(made);
  lightCity(made);
  drapeGround(made);
  drapeField(made);
  drapeSun(made);
  showLayers(made);
  showSensors(made);
  showFloods(made);
  showWarnings(made);
  showSewers(made);
  showSurfaces(made);
  showPlan(made);
  drawStage(made);
  playTime(made);
  listenToMouse(made);
  listenToKeys(made);
  offerMeasuring(made);
  markRuns(made);
  offerSection(made);
  offerWalk(made);
  offerSun(made);
  offerPlanning(made);
  offerUnderground(made);
  exposeHooks(made, firstView(made));
  stage.value = made;
  return made;
}
