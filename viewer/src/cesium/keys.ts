/** The canvas by keyboard: arrows move, Q and E turn, Page keys tilt, plus and minus zoom, Enter picks. */
import { Cartesian2 } from '@cesium/engine';
import { flyHome, orbit, zoom } from './camera';
import { pickThere } from './picking';
import type { Stage } from './stage';

const STEP = 0.08;

export function listenToKeys(stage: Stage): void {
  const { canvas, camera } = stage.scene;
  const reach = () => Math.max(20, camera.positionCartographic.height - stage.city.home.height) * STEP;
  const glide = (move: (amount: number) => void) => {
    move(reach());
    stage.draw();
  };
  const actions: Record<string, () => void> = {
    ArrowLeft: () => glide((amount) => camera.moveLeft(amount)),
    ArrowRight: () => glide((amount) => camera.moveRight(amount)),
    ArrowUp: () => glide((amount) => camera.moveUp(amount)),
    ArrowDown: () => glide((amount) => camera.moveDown(amount)),
    q: () => orbit(stage, -8, 0),
    e: () => orbit(stage, 8, 0),
    PageUp: () => orbit(stage, 0, 5),
    PageDown: () => orbit(stage, 0, -5),
    '+': () => zoom(stage, 0.25),
    '=': () => zoom(stage, 0.25),
    '-': () => zoom(stage, -0.25),
    Home: () => flyHome(stage),
    Enter: () => {
      pickThere(stage, new Cartesian2(canvas.clientWidth / 2, canvas.clientHeight / 2));
    },
  };
  canvas.tabIndex = 0;
  const listen = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  canvas.addEventListener('keydown', listen);
  stage.owner.own(() => canvas.removeEventListener('keydown', listen));
}
