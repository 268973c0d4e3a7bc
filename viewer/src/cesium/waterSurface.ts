/**
 * The water as a primitive: one mesh over the flooded cells, whose vertices stand on the ground and rise by the
 * water of two frames, mixed by the share of the time between them. It owns its GPU objects.
 */
import {
  BlendingState,
  BoundingSphere,
  Cartesian3,
  Cartesian4,
  IndexDatatype,
  Matrix4,
  PrimitiveType,
  Transforms,
} from '@cesium/engine';
import { depthColour, type Mesh, placeAt, type WaterFile } from '../flood/grid';
import {
  type DrawCommand,
  type FrameState,
  type GpuBuffer,
  renderer,
  type ShaderProgram,
  type VertexArray,
} from './renderer';

/** Colours of the ramp that the shader knows; stops lie at equal distances among them. */
const COLOURS = 26;

/**
 * The viewer's ground is coarser than the flood's, and flat layers are raised over it by a share of their distance
 * (see `matter`); the surface is drawn as if it were so much nearer to the eye, which changes nothing but what
 * hides it: [m], and higher by a share of the distance.
 */
const NEARER = 1.6;
const HIGHER = 0.0034;

const VERTEX = `
in vec3 position;
in vec4 water;
uniform float u_share;
out float v_depth;
out float v_share;
out vec3 v_eye;
out vec2 v_at;
void main() {
  float rise = mix(water.x, water.z, u_share);
  v_depth = mix(water.y, water.w, u_share);
  v_share = water.w;
  v_at = position.xy;
  vec4 eye = czm_modelView * vec4(position + vec3(0.0, 0.0, rise), 1.0);
  v_eye = eye.xyz;
  float away = length(eye.xyz);
  float steep = dot(normalize(-eye.xyz), normalize(czm_normal * vec3(0.0, 0.0, 1.0)));
  eye.xyz *= max(0.7, 1.0 - ${NEARER.toFixed(2)} / max(away, 1.0) - ${HIGHER.toFixed(4)} / max(steep, 0.08));
  gl_Position = czm_projection * eye;
}`;

const FRAGMENT = (stops: number) => `
in float v_depth;
in float v_share;
in vec3 v_eye;
in vec2 v_at;
uniform vec4 u_colours[${COLOURS}];
uniform float u_stops[${stops}];
uniform float u_phase;
uniform float u_painted;
uniform float u_grades;
uniform float u_opacity;
vec3 rampAt(float share) {
  float at = clamp(share, 0.0, 1.0) * ${(COLOURS - 1).toFixed(1)};
  int index = min(int(at), ${COLOURS - 2});
  return mix(u_colours[index].rgb, u_colours[index + 1].rgb, at - float(index));
}
float shareOf(float depth) {
  for (int i = 0; i < ${stops - 1}; i++) {
    if (depth <= u_stops[i + 1]) {
      float within = clamp((depth - u_stops[i]) / (u_stops[i + 1] - u_stops[i]), 0.0, 1.0);
      return (float(i) + within) / ${(stops - 1).toFixed(1)};
    }
  }
  return 1.0;
}
void main() {
  float least = u_stops[0];
  if (v_depth < least) discard;
  if (u_painted > 0.5) {
    int grade = int(clamp(v_share * u_grades, 0.0, max(u_grades - 1.0, 0.0)));
    out_FragColor = vec4(u_grades > 0.5 ? u_colours[grade].rgb : rampAt(v_share), 0.92 * u_opacity);
    return;
  }
  vec3 colour = rampAt(shareOf(v_depth));
  float away = length(v_eye);
  float fine = 1.0 - smoothstep(150.0, 900.0, away);
  vec2 slope = fine * 0.06 * vec2(
    cos(v_at.x * 0.9 + v_at.y * 0.35 + u_phase) + 0.6 * cos(v_at.x * 2.1 - v_at.y * 1.3 - 1.7 * u_phase),
    cos(v_at.y * 0.8 - v_at.x * 0.25 + 1.3 * u_phase) + 0.6 * cos(v_at.y * 2.3 + v_at.x * 1.1 + 0.8 * u_phase));
  vec3 normal = normalize(czm_normal * normalize(vec3(-slope, 1.0)));
  vec3 toEye = normalize(-v_eye);
  float facing = max(dot(normal, toEye), 0.0);
  float fresnel = 0.03 + 0.35 * pow(1.0 - facing, 4.0);
  float glint = pow(max(dot(reflect(-czm_lightDirectionEC, normal), toEye), 0.0), 90.0);
  colour = mix(colour, vec3(0.80, 0.88, 0.94), fresnel) + 0.35 * fine * glint;
  float shore = smoothstep(least, least * 1.6 + 0.01, v_depth);
  float body = mix(0.72, 0.94, smoothstep(least, 1.5, v_depth));
  out_FragColor = vec4(colour, u_opacity * body * mix(0.55, 1.0, shore));
}`;

function colourOf(hex: string): Cartesian4 {
  const value = parseInt(hex.slice(1), 16);
  return new Cartesian4((value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255, 1);
}

export class WaterSurface {
  show = true;
  share = 0;
  opacity = 1;
  /** Of the ripples; moves only while the flood plays. */
  phase = 0;
  /**
   * (rise, depth) of the earlier and of the later frame at each vertex [m]; while it is painted, of the greatest
   * water, with the share of the legend in place of the second depth.
   */
  readonly values: Float32Array;
  readonly #positions: Float32Array;
  readonly #matrix: Matrix4;
  readonly #sphere: BoundingSphere;
  readonly #depthColours: Cartesian4[];
  #colours: Cartesian4[];
  #painted = false;
  #grades = 0;
  #changed = true;
  #buffer: GpuBuffer | null = null;
  #array: VertexArray | null = null;
  #program: ShaderProgram | null = null;
  #command: DrawCommand | null = null;
  #destroyed = false;

  constructor(
    private readonly file: WaterFile,
    private readonly mesh: Mesh,
    elevation: Float32Array,
  ) {
    this.values = new Float32Array(mesh.cells.length * 4);
    const [lon, lat, offset] = placeAt(file.corners, 0.5, 0.5);
    this.#matrix = Transforms.eastNorthUpToFixedFrame(Cartesian3.fromDegrees(lon, lat, offset));
    const toLocal = Matrix4.inverseTransformation(this.#matrix, new Matrix4());
    this.#positions = new Float32Array(mesh.cells.length * 3);
    const local = new Cartesian3();
    mesh.cells.forEach((cell, vertex) => {
      const across = ((cell % file.width) + 0.5) / file.width;
      const down = (Math.floor(cell / file.width) + 0.5) / file.height;
      const [x, y, above] = placeAt(file.corners, across, down);
      Matrix4.multiplyByPoint(toLocal, Cartesian3.fromDegrees(x, y, above + elevation[cell]!), local);
      this.#positions.set([local.x, local.y, local.z], vertex * 3);
    });
    const box = BoundingSphere.fromVertices([...this.#positions]);
    box.radius += 20;
    this.#sphere = BoundingSphere.transform(box, this.#matrix, new BoundingSphere());
    const { stops } = file.legend;
    const last = stops.length - 1;
    this.#depthColours = Array.from({ length: COLOURS }, (_, index) => {
      const at = (index / (COLOURS - 1)) * last;
      const stop = Math.min(last - 1, Math.floor(at));
      const depth = stops[stop]! + (stops[stop + 1]! - stops[stop]!) * (at - stop);
      return colourOf(depthColour(depth, stops));
    });
    this.#colours = this.#depthColours;
  }

  /** Colours by the shares in `values` instead of by depth; null for depth. grades: 0 for a smooth ramp. */
  paint(colours: string[] | null, grades = 0): void {
    this.#painted = colours !== null;
    this.#grades = grades;
    const given = colours?.map(colourOf) ?? this.#depthColours;
    this.#colours = Array.from({ length: COLOURS }, (_, index) => given[Math.min(index, given.length - 1)]!);
  }

  /** Says that `values` have been written anew. */
  changed(): void {
    this.#changed = true;
  }

  /** Called by the scene on every frame. */
  update(frame: FrameState): void {
    if (!this.show || this.mesh.indices.length === 0 || !frame.passes.render) return;
    this.#command ??= this.#build(frame.context);
    if (this.#changed) {
      this.#buffer!.copyFromArrayView(this.values);
      this.#changed = false;
    }
    frame.commandList.push(this.#command);
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  destroy(): undefined {
    this.#array?.destroy();
    this.#program?.destroy();
    this.#array = this.#program = this.#command = this.#buffer = null;
    this.#destroyed = true;
    return undefined;
  }

  #build(context: object): DrawCommand {
    const { Buffer, BufferUsage, DrawCommand, Pass, RenderState, ShaderProgram, VertexArray } = renderer;
    const positions = Buffer.createVertexBuffer({
      context,
      typedArray: this.#positions,
      usage: BufferUsage.STATIC_DRAW,
    });
    this.#buffer = Buffer.createVertexBuffer({
      context,
      typedArray: this.values,
      usage: BufferUsage.DYNAMIC_DRAW,
    });
    const indexBuffer = Buffer.createIndexBuffer({
      context,
      typedArray: this.mesh.indices,
      usage: BufferUsage.STATIC_DRAW,
      indexDatatype: IndexDatatype.UNSIGNED_INT,
    });
    this.#array = new VertexArray({
      context,
      attributes: [
        { index: 0, vertexBuffer: positions, componentsPerAttribute: 3 },
        { index: 1, vertexBuffer: this.#buffer, componentsPerAttribute: 4 },
      ],
      indexBuffer,
    });
    const { stops } = this.file.legend;
    this.#program = ShaderProgram.fromCache({
      context,
      vertexShaderSource: VERTEX,
      fragmentShaderSource: FRAGMENT(stops.length),
      attributeLocations: { position: 0, water: 1 },
    });
    return new DrawCommand({
      owner: this,
      vertexArray: this.#array,
      shaderProgram: this.#program,
      renderState: RenderState.fromCache({
        depthTest: { enabled: true },
        depthMask: false,
        blending: BlendingState.ALPHA_BLEND,
      }),
      uniformMap: {
        u_share: () => this.share,
        u_opacity: () => this.opacity,
        u_phase: () => this.phase,
        u_painted: () => (this.#painted ? 1 : 0),
        u_grades: () => this.#grades,
        u_colours: () => this.#colours,
        u_stops: () => stops,
      },
      modelMatrix: this.#matrix,
      boundingVolume: this.#sphere,
      primitiveType: PrimitiveType.TRIANGLES,
      pass: Pass.TRANSLUCENT,
    });
  }
}
