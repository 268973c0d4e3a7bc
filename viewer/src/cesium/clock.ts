/** Plays time: moves the shown instant while `speed` is not zero, a step per frame, and rests otherwise. */
import { effect } from '@preact/signals';
import { instant, speed } from '../state/store';
import type { Stage } from './stage';

/** The sun's shadows need no finer steps than this [ms of the shown time]. */
const LEAST_STEP = 30_000;

export function playTime(stage: Stage): void {
  stage.owner.own(
    effect(() => {
      const rate = speed.value;
      if (rate === 0) return undefined;
      let last = performance.now();
      let frame = requestAnimationFrame(function step(now) {
        const passed = (now - last) * rate;
        if (passed >= LEAST_STEP) {
          last = now;
          instant.value = instant.peek() + Math.min(passed, 20 * 60_000);
        }
        frame = requestAnimationFrame(step);
      });
      return () => cancelAnimationFrame(frame);
    }),
  );
}
