/** Fingers, mouse and keys on the picture: look around, walk, tap. */
import { letGo, pickAlong, pickSensor, turnNorth } from './actions';
import { mode } from './state';
import type { View } from './view';

/** Below this a press is a tap [CSS px]. */
const STILL = 7;
const STEP = 1.5;
const TURN = 6;

const KEYS: Record<string, [forward: number, right: number, heading: number, pitch: number]> = {
  KeyW: [STEP, 0, 0, 0],
  KeyS: [-STEP, 0, 0, 0],
  KeyA: [0, -STEP, 0, 0],
  KeyD: [0, STEP, 0, 0],
  ArrowUp: [STEP, 0, 0, 0],
  ArrowDown: [-STEP, 0, 0, 0],
  ArrowLeft: [0, 0, -TURN, 0],
  ArrowRight: [0, 0, TURN, 0],
  KeyQ: [0, 0, -TURN, 0],
  KeyE: [0, 0, TURN, 0],
  PageUp: [0, 0, 0, TURN],
  PageDown: [0, 0, 0, -TURN],
};

/** What a tap at a point of the page means. */
export function tap(view: View, x: number, y: number): void {
  const sensor = view.stage.sensorAt(x, y);
  if (sensor === null) void pickAlong(view.stage.lookAt(x, y));
  else pickSensor(sensor);
}

/** As a tap in the middle of the picture. */
export function tapMiddle(view: View): void {
  const { left, top, width, height } = view.stage.canvas.getBoundingClientRect();
  tap(view, left + width / 2, top + height / 2);
}

export function followHands(view: View): void {
  const { canvas, camera } = view.stage;
  let from: { x: number; y: number; moved: boolean } | null = null;

  canvas.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary) return;
    canvas.setPointerCapture(event.pointerId);
    from = { x: event.clientX, y: event.clientY, moved: false };
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!from || !event.isPrimary) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.hypot(dx, dy) < STILL) return;
    const degrees = camera.fov / canvas.clientHeight;
    if (mode.value === 'street') view.turnBy(-dx * degrees, dy * degrees);
    else turnNorth(-dx * degrees);
    from = { x: event.clientX, y: event.clientY, moved: true };
  });
  canvas.addEventListener('pointerup', (event) => {
    if (!event.isPrimary) return;
    if (from && !from.moved) tap(view, event.clientX, event.clientY);
    from = null;
  });
  canvas.addEventListener('pointercancel', (event) => {
    if (event.isPrimary) from = null;
  });

  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === ' ') tapMiddle(view);
    else if (event.key === 'Escape') letGo();
    else if (mode.value === 'street' && event.code in KEYS) {
      const [forward, right, heading, pitch] = KEYS[event.code]!;
      if (forward || right) view.walk(forward, right);
      else view.turnBy(heading, pitch);
    } else return;
    event.preventDefault();
  });
}
