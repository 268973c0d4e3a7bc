/** The ground's picture: the city's own imagery in the theme's style, or a base map that the user set. */
import {
  Color,
  GeographicTilingScheme,
  ImageryLayer,
  Rectangle,
  UrlTemplateImageryProvider,
  WebMercatorTilingScheme,
} from '@cesium/engine';
import { effect } from '@preact/signals';
import type { Imagery, PlacedCity } from '../client/types';
import { baseMap, theme } from '../state/store';
import { light } from './light';
import type { Stage } from './stage';

const PAPER = { light: '#e8e6e1', dark: '#1f2328' };

/** The colour around the city: what its imagery has at its edges. */
const paperOf = (city: PlacedCity) => city.imagery?.background?.[theme.value] ?? PAPER[theme.value];

function ownImagery(imagery: Imagery, style: string): ImageryLayer {
  const scheme =
    imagery.scheme === 'geographic' ? new GeographicTilingScheme() : new WebMercatorTilingScheme();
  return new ImageryLayer(
    new UrlTemplateImageryProvider({
      url: `${imagery.url}/${style}/{z}/{x}/{y}.${imagery.extension}`,
      tilingScheme: scheme,
      rectangle: Rectangle.fromDegrees(...imagery.bounds),
      minimumLevel: imagery.min_level,
      maximumLevel: imagery.max_level,
      hasAlphaChannel: true,
      enablePickFeatures: false,
    }),
  );
}

export function drapeGround(stage: Stage): void {
  const { scene, city } = stage;
  const { imageryLayers } = scene.globe;
  let picture: ImageryLayer | null = null;
  stage.owner.own(
    effect(() => {
      if (picture) imageryLayers.remove(picture);
      picture = null;
      const style = theme.value;
      const { imagery } = city;
      if (baseMap.value === 'custom' && city.base_map_url) {
        picture = new ImageryLayer(
          new UrlTemplateImageryProvider({ url: city.base_map_url, maximumLevel: 19 }),
        );
      } else if (baseMap.value === 'own' && imagery) {
        picture = ownImagery(imagery, imagery.styles.includes(style) ? style : imagery.styles[0]!);
      }
      if (picture) imageryLayers.add(picture, 0);
      stage.draw();
    }),
  );
  stage.owner.own(
    effect(() => {
      const tone = light.value;
      const tint = Color.fromCssColorString(paperOf(city));
      scene.globe.baseColor = Color.multiplyByScalar(tint, tone.ground, tint).withAlpha(1);
      if (picture) picture.brightness = tone.ground;
      void baseMap.value;
      stage.draw();
    }),
  );
}
