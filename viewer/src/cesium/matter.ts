/**
 * How surfaces look: light matter, walls and roofs apart, lit by sun, sky and ground. Textures and colours of
 * the tiles stay; a tint (pick, hover, attribute colour) replaces them.
 */
import { Cartesian3, CustomShader, LightingModel, UniformType } from '@cesium/engine';
import type { Rgb, Theme } from '../sun/daylight';

/** sRGB pairs: wall or body, roof or top. */
type Matter = Record<Theme, [string, string]>;

const MATTERS: Record<string, Matter> = {
  building: { light: ['#f3f0ea', '#fbf9f5'], dark: ['#7f8b9b', '#98a5b6'] },
  bridge: { light: ['#dcd8d1', '#e9e5de'], dark: ['#6f7987', '#7f8a99'] },
  road: { light: ['#d9dadb', '#e3e4e5'], dark: ['#434c58', '#4a5462'] },
  water: { light: ['#9ec5dd', '#a8cfe6'], dark: ['#22455f', '#275070'] },
  plant: { light: ['#9dbb8a', '#b0cb9a'], dark: ['#48654c', '#557559'] },
  land: { light: ['#dfe5d3', '#e4e9d9'], dark: ['#2d3a35', '#32413b'] },
  pipe: { light: ['#c98a5b', '#d2966a'], dark: ['#c58a5e', '#d0986e'] },
  other: { light: ['#dcd6cc', '#e6e1d8'], dark: ['#76808d', '#8791a0'] },
};

const KINDS: [RegExp, string][] = [
  [/building|room|storey|constructi/i, 'building'],
  [/bridge|tunnel/i, 'bridge'],
  [/road|traffic|transport|railway|track|square|section|intersection|marking/i, 'road'],
  [/water/i, 'water'],
  [/veget|plant|tree/i, 'plant'],
  [/land/i, 'land'],
  [/pipe|utility|network|manhole|duct|cable|sewer|drain/i, 'pipe'],
];

/** The kind of matter of a layer, by its id and the class that most of its objects have. */
export function matterKind(layerId: string, classes: Record<string, number>): string {
  const dominant = Object.entries(classes).sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
  for (const text of [dominant, layerId]) {
    const found = KINDS.find(([pattern]) => pattern.test(text));
    if (found) return found[1];
  }
  return 'other';
}

/** sRGB `#rrggbb` → linear RGB, 0 to 1. */
export function linear(hex: string): Rgb {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, value >> 8, value].map((channel) => {
    const c = (channel & 255) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
}

const FRAGMENT = `
void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
  vec3 normal = normalize(fsInput.attributes.normalEC);
  vec3 up = normalize((czm_view * vec4(normalize(fsInput.attributes.positionWC), 0.0)).xyz);
  float upward = dot(normal, up);
  vec3 body = material.diffuse;
  bool natural = all(greaterThan(body, vec3(0.995)));
  #ifdef HAS_BASE_COLOR_TEXTURE
    natural = false;
  #endif
  if (natural) {
    body = mix(u_wall, u_roof, smoothstep(0.2, 0.5, upward));
  }
  vec3 ambient = mix(u_bounce, u_sky, 0.5 + 0.5 * upward);
  float facing = dot(normal, normalize(czm_lightDirectionEC));
  vec3 lit = ambient + u_sun * max(facing, 0.0);
  if (u_shadow > 0.0) {
    lit = mix(ambient / u_shadow, lit, clamp(facing / 0.1, 0.0, 1.0));
  }
  vec3 colour = body * lit;
  if (u_gloss > 0.0) {
    vec3 view = normalize(-fsInput.attributes.positionEC);
    float grazing = pow(1.0 - max(dot(normal, view), 0.0), 3.0);
    vec3 halfway = normalize(view + normalize(czm_lightDirectionEC));
    colour = mix(colour, u_sky * 1.25, u_gloss * grazing);
    colour += u_sun * u_gloss * pow(max(dot(normal, halfway), 0.0), 120.0);
  }
  material.diffuse = colour;
}`;

export interface MatterLight {
  sun: Rgb;
  sky: Rgb;
  bounce: Rgb;
  /** Shadow factor in sRGB, 0 with shadows off. */
  shadow: number;
}

const vector = (rgb: Rgb) => new Cartesian3(...rgb);

export function createMatter(): CustomShader {
  const colour = { type: UniformType.VEC3, value: new Cartesian3(1, 1, 1) };
  return new CustomShader({
    lightingModel: LightingModel.UNLIT,
    uniforms: {
      u_wall: { ...colour },
      u_roof: { ...colour },
      u_sun: { ...colour },
      u_sky: { ...colour },
      u_bounce: { ...colour },
      u_shadow: { type: UniformType.FLOAT, value: 0 },
      u_gloss: { type: UniformType.FLOAT, value: 0 },
    },
    fragmentShaderText: FRAGMENT,
  });
}

export function setMatter(shader: CustomShader, kind: string, theme: Theme, light: MatterLight): void {
  const [wall, roof] = MATTERS[kind]![theme];
  shader.setUniform('u_wall', vector(linear(wall)));
  shader.setUniform('u_roof', vector(linear(roof)));
  shader.setUniform('u_sun', vector(light.sun));
  shader.setUniform('u_sky', vector(light.sky));
  shader.setUniform('u_bounce', vector(light.bounce));
  shader.setUniform('u_shadow', light.shadow ** 2.2);
  shader.setUniform('u_gloss', kind === 'water' ? 0.5 : 0);
}
