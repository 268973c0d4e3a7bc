/** Sun and shadows: the light's direction and colours follow the clock and the theme. */
import { Cartesian3, DirectionalLight, Matrix4, Transforms } from '@cesium/engine';
import { computed, effect } from '@preact/signals';
import { city, instant, theme } from '../state/store';
import { daylight } from '../sun/daylight';
import { apparentElevation, sunPosition } from '../sun/position';
import type { Stage } from './stage';

const RAD = Math.PI / 180;
/** A moon-like light for the night, so that walls and roofs stay apart. */
const NIGHT_LIGHT = { azimuth: 215, elevation: 48 };

/** The sun over the city at the shown instant, where it is seen. */
export const sun = computed(() => {
  const home = city.value?.home;
  const { azimuth, elevation } = sunPosition(instant.value, home?.lon ?? 0, home?.lat ?? 0);
  return { azimuth, elevation: apparentElevation(elevation) };
});
export const light = computed(() => daylight(sun.value.elevation, theme.value));

/** CesiumJS keeps the bias to itself; its own leaves stripes on walls that face the sun. */
type BiasedShadows = { _primitiveBias: { depthBias: number; normalOffsetScale: number } };

export function lightCity(stage: Stage): void {
  const { scene, quality } = stage;
  const { home } = stage.city;
  const local = Transforms.eastNorthUpToFixedFrame(Cartesian3.fromDegrees(home.lon, home.lat));
  const lamp = new DirectionalLight({ direction: Cartesian3.UNIT_X });
  scene.light = lamp;

  const shadows = scene.shadowMap;
  shadows.size = quality.shadowMapSize;
  shadows.softShadows = quality.softShadows;
  shadows.fadingEnabled = true;
  const { _primitiveBias: bias } = shadows as unknown as BiasedShadows;
  bias.depthBias = 0.0006;
  bias.normalOffsetScale = 1.2;

  stage.owner.own(
    effect(() => {
      const { azimuth, elevation } = light.value.casts ? sun.value : NIGHT_LIGHT;
      const [a, e] = [azimuth * RAD, elevation * RAD];
      const toSun = new Cartesian3(Math.sin(a) * Math.cos(e), Math.cos(a) * Math.cos(e), Math.sin(e));
      Matrix4.multiplyByPointAsVector(local, toSun, toSun);
      lamp.direction = Cartesian3.negate(toSun, toSun);
      shadows.enabled = light.value.casts;
      shadows.darkness = light.value.shadow;
      stage.draw();
    }),
  );
  stage.owner.own(
    scene.preUpdate.addEventListener(() => {
      const above = scene.camera.positionCartographic.height - home.height;
      shadows.maximumDistance = Math.min(9000, Math.max(500, above * 4.5));
    }),
  );
}
