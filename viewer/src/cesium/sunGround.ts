/** The shown quantity on the ground, draped over its picture in the colours of the surfaces. */
import { ImageryLayer, Rectangle, SingleTileImageryProvider } from '@cesium/engine';
import { computed, effect, untracked } from '@preact/signals';
import { getPicture } from '../client/sun';
import { whatIf } from '../state/plan';
import { detailOf } from '../state/runs';
import { groundShown, shownQuantity, sunError, sunRun, sunView } from '../state/sunRun';
import { rampOf, rangeOf } from '../sunstudy/quantities';
import type { Stage } from './stage';

export function drapeSun(stage: Stage): void {
  const { imageryLayers } = stage.scene.globe;
  let draped: ImageryLayer | null = null;
  const drop = () => {
    if (draped) imageryLayers.remove(draped);
    draped = null;
    if (!stage.widget.isDestroyed()) stage.draw();
  };
  const opacity = computed(() => sunView.value?.opacity ?? 1);

  const drape = async (stopped: () => boolean): Promise<void> => {
    const run = sunRun.peek();
    const quantity = shownQuantity.peek();
    if (!run || !quantity) return;
    try {
      const found = await getPicture(run.run, quantity.property, rangeOf(quantity), rampOf(quantity));
      const rectangle = Rectangle.fromDegrees(...found.bounds);
      const provider = await SingleTileImageryProvider.fromUrl(found.image, { rectangle });
      if (stopped() || stage.widget.isDestroyed()) return;
      draped = new ImageryLayer(provider, { alpha: opacity.peek() });
      imageryLayers.add(draped);
      stage.draw();
    } catch (error) {
      if (!stopped()) sunError.value = detailOf(error);
    }
  };

  const wanted = computed(() => groundShown.value && whatIf.value === null);
  stage.owner.own(
    effect(() => {
      void shownQuantity.value;
      let stopped = false;
      if (wanted.value) untracked(() => void drape(() => stopped));
      return () => {
        stopped = true;
        untracked(drop);
      };
    }),
  );
  stage.owner.own(
    effect(() => {
      if (draped) draped.alpha = opacity.value;
      else void opacity.value;
      stage.draw();
    }),
  );
}
