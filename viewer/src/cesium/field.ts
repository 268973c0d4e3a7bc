/** The field between stations, draped over the ground above its picture. */
import { ImageryLayer, Rectangle, SingleTileImageryProvider } from '@cesium/engine';
import { effect, untracked } from '@preact/signals';
import { ApiError } from '../client/api';
import { getField } from '../client/readings';
import { Latest } from '../sensors/latest';
import { field, fieldError, fieldLoading, type FieldView, fieldView } from '../state/colouring';
import { hasSensors, readingTime } from '../state/sensors';
import type { Stage } from './stage';

const PAUSE_MS = 400;
/** How often the field of the present is made anew [ms]. */
const REFRESH_MS = 60_000;

interface Wanted {
  view: FieldView;
  time: number | null;
}

export function drapeField(stage: Stage): void {
  if (!hasSensors.peek()) return;
  const { imageryLayers } = stage.scene.globe;
  let draped: ImageryLayer | null = null;
  const drop = () => {
    if (draped) imageryLayers.remove(draped);
    draped = null;
    stage.draw();
  };

  const read = async ({ view, time }: Wanted): Promise<void> => {
    fieldLoading.value = true;
    try {
      const found = await getField(view.property, view.method, time);
      const url = view.part === 'value' ? found.image : found.uncertainty_image;
      const rectangle = Rectangle.fromDegrees(...found.bounds);
      const provider = await SingleTileImageryProvider.fromUrl(url, { rectangle });
      if (stage.widget.isDestroyed() || !fieldView.peek().visible) return;
      const before = draped;
      draped = new ImageryLayer(provider, { alpha: fieldView.peek().opacity });
      imageryLayers.add(draped);
      if (before) imageryLayers.remove(before);
      field.value = found;
      fieldError.value = null;
    } catch (error) {
      drop();
      field.value = null;
      fieldError.value = error instanceof ApiError ? error.detail : String(error);
    } finally {
      fieldLoading.value = false;
      if (!stage.widget.isDestroyed()) stage.draw();
    }
  };

  const asked = new Latest(read, PAUSE_MS);
  const ask = () => {
    const view = fieldView.peek();
    if (view.visible && view.property) asked.ask({ view, time: readingTime.peek() });
  };
  stage.owner.own(() => asked.stop());
  stage.owner.own(
    effect(() => {
      const { visible, property, method, part } = fieldView.value;
      void [property, method, part, readingTime.value];
      untracked(() => (visible ? ask() : drop()));
    }),
  );
  stage.owner.own(
    effect(() => {
      const { opacity } = fieldView.value;
      if (draped) draped.alpha = opacity;
      stage.draw();
    }),
  );
  const timer = setInterval(() => {
    if (readingTime.peek() === null && !document.hidden) ask();
  }, REFRESH_MS);
  stage.owner.own(() => clearInterval(timer));
}
