/**
 * How surfaces with values look: each texel of a property texture in the colour of its value, a little shaded so
 * that forms stay readable. The sun of the clock plays no part in it, as colours have to be compared.
 */
import { CustomShader, LightingModel, UniformType } from '@cesium/engine';
import type { Quantity } from '../client/sun';
import { NO_DATA } from '../layers/ramps';
import { coloursOf, isChange, MARGIN, rangeOf } from '../sunstudy/quantities';
import { linear } from './matter';

/** What of a quantity is drawn: itself, itself less a change, or that left and itself right of a line. */
export type Reading = 'value' | 'before' | 'split';

export interface SurfacePaint {
  quantity: Quantity;
  reading: Reading;
  /** The difference that leads from before to after, for all readings but the plain one. */
  change?: Quantity;
}

/**
 * Surfaces with values lie where the city's own are; they are drawn as if they were so much nearer to the eye,
 * along the line of sight, which changes nothing but what hides them: a share of the distance and [m].
 */
const NEARER_SHARE = 0.0008;
const NEARER = 0.06;

const vec3 = (hex: string) =>
  `vec3(${linear(hex)
    .map((channel) => channel.toFixed(4))
    .join(', ')})`;
const float = (value: number) => {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};

/** `isKnown` for the graphics card. */
const knownGlsl = ({ property, minimum, maximum }: Quantity) => {
  const margin = (maximum - minimum) * MARGIN;
  const value = `fsInput.metadata.${property}`;
  return `(${value} > ${float(minimum - margin)} && ${value} < ${float(maximum + margin)})`;
};

function valueGlsl({ quantity, reading, change }: SurfacePaint): string {
  const value = `fsInput.metadata.${quantity.property}`;
  const lines = [`float value = ${value};`, `bool known = ${knownGlsl(quantity)};`];
  // A difference is nothing where it is not known, and the city's own surfaces show.
  if (isChange(quantity)) lines.push('if (!known) discard;');
  if (reading === 'value' || !change) return lines.join('\n');
  const side = reading === 'split' ? 'gl_FragCoord.x < u_split * czm_viewport.z' : 'true';
  lines.push(
    `if (${side}) {`,
    // What has no change did not stand before.
    `  if (!${knownGlsl(change)}) discard;`,
    `  value -= fsInput.metadata.${change.property};`,
    '}',
  );
  return lines.join('\n');
}

function fragment(paint: SurfacePaint): string {
  const colours = coloursOf(paint.quantity);
  const [from, to] = rangeOf(paint.quantity);
  const count = colours.length;
  return `
const vec3 RAMP[${count}] = vec3[${count}](${colours.map(vec3).join(', ')});
void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
  ${valueGlsl(paint)}
  float at = clamp((value - ${float(from)}) / ${float(to - from)}, 0.0, 1.0) * ${float(count - 1)};
  int index = min(int(at), ${count - 2});
  vec3 colour = known ? mix(RAMP[index], RAMP[index + 1], at - float(index)) : ${vec3(NO_DATA)};
  colour = mix(${vec3('#e9e6e0')}, colour, u_opacity);
  vec3 eye = fsInput.attributes.positionEC;
  vec3 normal = normalize(cross(dFdx(eye), dFdy(eye)));
  vec3 up = normalize((czm_view * vec4(normalize(fsInput.attributes.positionWC), 0.0)).xyz);
  vec3 aside = normalize(cross(up, normalize(czm_view[0].xyz + vec3(0.001))));
  float form = 0.9 + 0.06 * dot(normal, up) + 0.05 * dot(normal, aside);
  material.diffuse = colour * form;
}`;
}

const VERTEX = `
void vertexMain(VertexInput vsInput, inout czm_modelVertexOutput vsOutput) {
  vec3 toward = (czm_inverseModelView * vec4(0.0, 0.0, 0.0, 1.0)).xyz - vsOutput.positionMC;
  float distance = length(toward);
  vsOutput.positionMC += toward * min(0.2, u_nearer * (${NEARER_SHARE} + ${NEARER} / max(distance, 0.1)));
}`;

/** nearer: how far before the city's own surfaces it is drawn, for layers that lie on one another. */
export function createSurfaceMatter(paint: SurfacePaint, nearer: number): CustomShader {
  return new CustomShader({
    lightingModel: LightingModel.UNLIT,
    uniforms: {
      u_opacity: { type: UniformType.FLOAT, value: 1 },
      u_split: { type: UniformType.FLOAT, value: 0.5 },
      u_nearer: { type: UniformType.FLOAT, value: nearer },
    },
    vertexShaderText: VERTEX,
    fragmentShaderText: fragment(paint),
  });
}

/** What changes of a paint without its shader. */
export const paintKey = ({ quantity, reading, change }: SurfacePaint) =>
  JSON.stringify([quantity, reading, change?.property ?? null]);
