/** What turns the rendering into a drawing: ambient occlusion, thin edges, far haze and a sky behind it all. */
import { Cartesian3, Color, PostProcessStage, PostProcessStageComposite } from '@cesium/engine';
import { effect } from '@preact/signals';
import { theme, underground } from '../state/store';
import { light } from './light';
import type { Stage } from './stage';

/**
 * Ambient occlusion after McGuire et al. (2011), "The Alchemy screen-space ambient obscurance algorithm",
 * equation 10, with twelve samples in a disc of `RADIUS` metres.
 */
const OCCLUSION = `
uniform sampler2D depthTexture;
in vec2 v_textureCoordinates;
const float RADIUS = 11.0;
vec3 eyeAt(vec2 uv) {
  vec4 eye = czm_windowToEyeCoordinates(uv * czm_viewport.zw, texture(depthTexture, uv).r);
  return eye.xyz / eye.w;
}
void main() {
  vec2 uv = v_textureCoordinates;
  if (texture(depthTexture, uv).r >= 1.0) { out_FragColor = vec4(1.0); return; }
  vec3 here = eyeAt(uv);
  vec2 texel = 1.0 / czm_viewport.zw;
  vec3 right = eyeAt(uv + vec2(texel.x, 0.0)) - here;
  vec3 left = here - eyeAt(uv - vec2(texel.x, 0.0));
  vec3 above = eyeAt(uv + vec2(0.0, texel.y)) - here;
  vec3 below = here - eyeAt(uv - vec2(0.0, texel.y));
  vec3 dx = abs(right.z) < abs(left.z) ? right : left;
  vec3 dy = abs(above.z) < abs(below.z) ? above : below;
  vec3 normal = normalize(cross(dx, dy));
  float depth = -here.z;
  float pixels = min(RADIUS / (czm_metersPerPixel(vec4(here, 1.0), 1.0)), 90.0);
  float turn = 6.2831853 * fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
  float sum = 0.0;
  for (int i = 0; i < 12; i++) {
    float share = (float(i) + 0.5) / 12.0;
    float angle = turn + float(i) * 2.3999632;
    vec2 at = uv + vec2(cos(angle), sin(angle)) * share * pixels * texel;
    vec3 toward = eyeAt(at) - here;
    float range = dot(toward, toward);
    float fall = max(0.0, 1.0 - range / (RADIUS * RADIUS));
    sum += fall * max(0.0, dot(toward, normal) - 0.0008 * depth) / (sqrt(range) + 0.05);
  }
  float strength = smoothstep(2.0, 8.0, pixels);
  out_FragColor = vec4(vec3(clamp(1.0 - strength * 1.5 * sum / 12.0, 0.0, 1.0)), 1.0);
}`;

/**
 * 1/z is linear across a plane on the screen, so its second difference is zero on faces and stands out at
 * creases and outlines.
 */
const FINISH = `
uniform sampler2D colorTexture;
uniform sampler2D depthTexture;
#ifdef DRAWING
uniform sampler2D occlusionTexture;
#endif
uniform vec3 haze;
uniform vec3 zenith;
uniform float reach;
uniform float ink;
uniform float glass;
in vec2 v_textureCoordinates;
vec3 eyeAt(vec2 uv) {
  vec4 eye = czm_windowToEyeCoordinates(uv * czm_viewport.zw, texture(depthTexture, uv).r);
  return eye.xyz / eye.w;
}
float inverseDepth(vec2 uv) { return 1.0 / max(-eyeAt(uv).z, 0.1); }
// How much the surface bends across a step [m], and how much it falls away to the flatter side [m].
vec2 bend(vec2 uv, vec2 texel, float depth) {
  float centre = 1.0 / max(depth, 0.1);
  float before = inverseDepth(uv - texel) - centre;
  float after = inverseDepth(uv + texel) - centre;
  return depth * depth * vec2(abs(before + after), min(abs(before), abs(after)));
}
void main() {
  vec2 uv = v_textureCoordinates;
  vec3 colour = texture(colorTexture, uv).rgb;
  vec3 here = eyeAt(uv);
  vec4 ray = czm_inverseProjection * vec4(uv * 2.0 - 1.0, -1.0, 1.0);
  vec3 direction = normalize((czm_inverseView * vec4(ray.xyz / ray.w, 0.0)).xyz);
  vec3 up = normalize(czm_viewerPositionWC);
  if (texture(depthTexture, uv).r >= 1.0) {
    float rise = dot(direction, up);
    vec3 sky = mix(haze, zenith, smoothstep(-0.02, 0.35, rise));
    out_FragColor = vec4(sky, 1.0);
    return;
  }
  float depth = -here.z;
#ifdef DRAWING
  vec2 texel = 1.0 / czm_viewport.zw;
  float occlusion = 0.0;
  for (int i = 0; i < 4; i++) {
    vec2 corner = vec2(float(i & 1), float(i >> 1)) * 2.0 - 1.0;
    occlusion += texture(occlusionTexture, uv + corner * texel).r;
    occlusion += texture(occlusionTexture, uv + corner.yx * vec2(2.0, -2.0) * texel).r;
  }
  colour *= mix(vec3(0.36, 0.38, 0.44), vec3(1.0), occlusion / 8.0);
  vec2 across = bend(uv, vec2(texel.x, 0.0), depth);
  vec2 along = bend(uv, vec2(0.0, texel.y), depth);
  float size = czm_metersPerPixel(vec4(here, 1.0), 1.0);
  float edge = smoothstep(0.5, 2.2, max(across.x / (size + across.y), along.x / (size + along.y)));
  edge *= 1.0 - smoothstep(reach * 0.35, reach * 0.9, depth);
  colour = mix(colour, ink > 0.0 ? colour * (1.0 - ink) : colour + (vec3(1.0) - colour) * -ink, edge);
#endif
  // Under a ground of glass the depth is that of the far side of the globe.
  float far = (1.0 - glass) * smoothstep(reach * 0.7, reach * 2.6, length(here));
  out_FragColor = vec4(mix(colour, haze, far), 1.0);
}`;

export function drawStage(stage: Stage): void {
  const { scene, city, quality } = stage;
  stage.owner.own(
    effect(() => {
      scene.backgroundColor = new Color(...light.value.haze, 1);
    }),
  );
  const lat = city.bbox[1] + city.bbox[3];
  const width = (city.bbox[2] - city.bbox[0]) * 111_320 * Math.cos((lat / 2) * (Math.PI / 180));
  const height = (city.bbox[3] - city.bbox[1]) * 110_540;
  const extent = Math.max(600, Math.hypot(width, height));
  const uniforms = {
    haze: () => new Cartesian3(...light.value.haze),
    zenith: () => new Cartesian3(...light.value.zenith),
    reach: () => Math.max(extent, (scene.camera.positionCartographic.height - city.home.height) * 2.4),
    glass: () => (underground.value ? 1 : 0),
    ink: () => (theme.value === 'light' ? 0.3 : -0.16),
  };
  if (!quality.drawing) {
    scene.postProcessStages.add(new PostProcessStage({ name: 'finish', fragmentShader: FINISH, uniforms }));
    return;
  }
  const occlusion = new PostProcessStage({
    name: 'occlusion',
    fragmentShader: OCCLUSION,
    textureScale: quality.name === 'high' ? 1 : 0.5,
  });
  const finish = new PostProcessStage({
    name: 'finish',
    fragmentShader: `#define DRAWING\n${FINISH}`,
    uniforms: { ...uniforms, occlusionTexture: occlusion.name },
  });
  scene.postProcessStages.add(
    new PostProcessStageComposite({
      name: 'drawing',
      stages: [occlusion, finish],
      inputPreviousStageTexture: false,
    }),
  );
}
