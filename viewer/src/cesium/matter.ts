/**
 * How surfaces look: light matter, walls and roofs apart, lit by sun, sky and ground. Textures and colours of
 * the tiles stay; a tint (pick, hover, attribute colour) replaces them.
 */
import { Cartesian3, CustomShader, LightingModel, UniformType } from '@cesium/engine';
import type { LayerInfo } from '../client/types';
import type { Rgb, Theme } from '../sun/daylight';

/** sRGB pairs of a bare model: wall or body, roof or top. */
const BARE: Record<Theme, Record<'building' | 'below' | 'other', [string, string]>> = {
  light: { building: ['#f3f0ea', '#fbf9f5'], below: ['#b8501a', '#d0662a'], other: ['#e4dfd6', '#ece8e0'] },
  dark: { building: ['#8793a3', '#9fabbb'], below: ['#e08a4e', '#f0a066'], other: ['#76808d', '#8791a0'] },
};
/** How much of a tile's own colour gives way to paper, and the factor on the rest. */
const TONE: Record<Theme, { paper: string; share: number; tone: Rgb }> = {
  light: { paper: '#f3f0ea', share: 0.22, tone: [1, 1, 1] },
  dark: { paper: '#5b6675', share: 0.3, tone: [0.42, 0.46, 0.52] },
};

export type MatterKind = 'building' | 'water' | 'road' | 'land' | 'below' | 'other';

/** Share of the distance by which each flat kind is raised over the terrain. */
const LIFT: Partial<Record<MatterKind, number>> = { land: 0.0014, water: 0.002, road: 0.0026 };

/** Whether a layer lies flat on the ground, and so receives shadows but casts none. */
export const isFlat = (kind: MatterKind) => kind in LIFT;

/** The kind of matter of a layer, by its id and the class that most of its objects have. */
export function matterKind(layer: LayerInfo): MatterKind {
  if (layer.underground) return 'below';
  const dominant = Object.entries(layer.classes).sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
  const words = `${dominant} ${layer.id}`;
  if (/building|room|storey/i.test(words)) return 'building';
  if (/water/i.test(words)) return 'water';
  if (/road|transport|traffic|railway/i.test(words)) return 'road';
  return /land|relief/i.test(words) ? 'land' : 'other';
}

/** sRGB `#rrggbb` → linear RGB, 0 to 1. */
export function linear(hex: string): Rgb {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, value >> 8, value].map((channel) => {
    const c = (channel & 255) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
}

/**
 * What the tile brings (texture, material or vertex colour) is compared with what arrives here to tell a tinted
 * object; near-white bodies are bare models and get the matter's own colours.
 */
const FRAGMENT = `
void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
  vec3 normal = normalize(fsInput.attributes.normalEC);
  vec3 up = normalize((czm_view * vec4(normalize(fsInput.attributes.positionWC), 0.0)).xyz);
  float upward = dot(normal, up);
  vec3 own = fsInput.attributes.color_0.rgb;
  bool textured = false;
  #ifdef HAS_BASE_COLOR_TEXTURE
    own *= getBaseColorFromTexture().rgb;
    textured = true;
  #elif defined(HAS_BASE_COLOR_FACTOR)
    own *= u_baseColorFactor.rgb;
  #endif
  vec3 body = material.diffuse;
  bool tinted = distance(own, body) > 0.01;
  if (!tinted) {
    float least = min(body.r, min(body.g, body.b));
    float most = max(body.r, max(body.g, body.b));
    bool bare = !textured && least > 0.7 && most - least < 0.1;
    body = bare ? mix(u_wall, u_roof, smoothstep(0.2, 0.5, upward)) : mix(body, u_paper, u_paperShare) * u_tone;
  }
  vec3 ambient = mix(u_bounce, u_sky, 0.5 + 0.5 * upward);
  float facing = dot(normal, normalize(czm_lightDirectionEC));
  vec3 lit = ambient + u_sun * max(facing, 0.0);
  if (u_shadow > 0.0) {
    lit = mix(ambient / u_shadow, lit, clamp(facing / 0.05, 0.0, 1.0));
  }
  vec3 colour = body * lit;
  if (u_gloss > 0.0) {
    vec3 view = normalize(-fsInput.attributes.positionEC);
    float grazing = pow(1.0 - max(dot(normal, view), 0.0), 3.0);
    vec3 halfway = normalize(view + normalize(czm_lightDirectionEC));
    colour = mix(colour, u_sky * u_tone * 1.25, u_gloss * grazing);
    colour += u_sun * u_gloss * pow(max(dot(normal, halfway), 0.0), 120.0);
  }
  material.diffuse = colour;
}`;

/** Raises flat layers that lie on the terrain by a share of their distance, so that they don't flicker with it. */
const VERTEX = `
void vertexMain(VertexInput vsInput, inout czm_modelVertexOutput vsOutput) {
  if (u_lift > 0.0) {
    vec4 world = czm_model * vec4(vsInput.attributes.positionMC, 1.0);
    vec3 up = normalize((czm_inverseModel * vec4(normalize(world.xyz), 0.0)).xyz);
    float distance = length((czm_view * world).xyz);
    vsOutput.positionMC += up * min(u_lift * distance, 12.0);
  }
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
  const colour = () => ({ type: UniformType.VEC3, value: new Cartesian3(1, 1, 1) });
  return new CustomShader({
    lightingModel: LightingModel.UNLIT,
    uniforms: {
      u_wall: colour(),
      u_roof: colour(),
      u_paper: colour(),
      u_tone: colour(),
      u_paperShare: { type: UniformType.FLOAT, value: 0 },
      u_sun: colour(),
      u_sky: colour(),
      u_bounce: colour(),
      u_shadow: { type: UniformType.FLOAT, value: 0 },
      u_lift: { type: UniformType.FLOAT, value: 0 },
      u_gloss: { type: UniformType.FLOAT, value: 0 },
    },
    vertexShaderText: VERTEX,
    fragmentShaderText: FRAGMENT,
  });
}

export function setMatter(shader: CustomShader, kind: MatterKind, theme: Theme, light: MatterLight): void {
  const [wall, roof] = BARE[theme][kind === 'building' || kind === 'below' ? kind : 'other'];
  const { paper, share, tone } = TONE[theme];
  shader.setUniform('u_wall', vector(linear(wall)));
  shader.setUniform('u_roof', vector(linear(roof)));
  shader.setUniform('u_paper', vector(linear(paper)));
  shader.setUniform('u_paperShare', share);
  shader.setUniform('u_tone', vector(tone));
  shader.setUniform('u_sun', vector(light.sun));
  shader.setUniform('u_sky', vector(light.sky));
  shader.setUniform('u_bounce', vector(light.bounce));
  shader.setUniform('u_shadow', light.shadow ** 2.2);
  shader.setUniform('u_lift', LIFT[kind] ?? 0);
  shader.setUniform('u_gloss', kind === 'water' ? 0.5 : 0);
}
