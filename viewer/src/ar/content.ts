/** The scene around a position as meshes: solids by colour, edges, and which triangle belongs to which object. */
import {
  BufferAttribute,
  BufferGeometry,
  EdgesGeometry,
  type Mesh,
  type MeshStandardMaterial,
  type Object3D,
} from 'three';
import { GLTFLoader, type GLTF } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js';

/** Degrees between faces from which their edge is drawn. */
const EDGE = 30;
/** Classes without edges: leaves and masts would be nothing but lines. */
const SOFT = /Vegetation|Plant|Furniture/i;

const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);

export interface Part {
  geometry: BufferGeometry;
  /** Linear red, green, blue. */
  colour: [number, number, number];
  /** Of each vertex. */
  features: Uint32Array;
}

export interface Content {
  parts: Part[];
  /** Object ids by feature. */
  ids: string[];
  /** The triangles of buildings and the like: what has edges, and what one cannot stand in. */
  hard: BufferGeometry[];
  edges: BufferGeometry;
}

interface Table {
  properties: Record<string, { values: number; stringOffsets?: number; stringOffsetType?: string }>;
}
interface Metadata {
  schema: {
    classes: Record<string, { properties: Record<string, { enumType?: string }> }>;
    enums?: Record<string, { values: { name: string; value: number }[]; valueType?: string }>;
  };
  propertyTables: (Table & { class: string; count: number })[];
}

type IntegerArray = Uint8Array | Uint16Array | Uint32Array | Int16Array;

function integers(bytes: ArrayBuffer, type: string): IntegerArray {
  if (type === 'UINT8') return new Uint8Array(bytes);
  if (type === 'UINT16') return new Uint16Array(bytes);
  if (type === 'INT16') return new Int16Array(bytes);
  return new Uint32Array(bytes);
}

/** Ids and classes by feature, from the asset's property table (EXT_structural_metadata). */
async function tableOf(gltf: GLTF): Promise<{ ids: string[]; classes: string[] }> {
  const found = gltf.parser.json.extensions?.EXT_structural_metadata as Metadata | undefined;
  const table = found?.propertyTables[0];
  if (!found || !table) return { ids: [], classes: [] };
  const bytes = (view: number): Promise<ArrayBuffer> => gltf.parser.getDependency('bufferView', view);
  const { id, class: kind } = table.properties;
  const text = new TextDecoder();
  const letters = await bytes(id!.values);
  const ends = integers(await bytes(id!.stringOffsets!), id!.stringOffsetType ?? 'UINT32');
  const ids = Array.from({ length: table.count }, (_, row) =>
    text.decode(letters.slice(ends[row]!, ends[row + 1]!)),
  );
  const type = found.schema.classes[table.class]?.properties.class?.enumType;
  const named = type ? found.schema.enums?.[type] : undefined;
  if (!kind || !named) return { ids, classes: [] };
  const names = new Map(named.values.map(({ name, value }) => [value, name]));
  const codes = integers(await bytes(kind.values), named.valueType ?? 'UINT16');
  return { ids, classes: ids.map((_, row) => names.get(codes[row]!) ?? '') };
}

/** The triangles of a part whose feature is taken, with the part's own vertices. */
export function chosenTriangles(part: Part, taken: (feature: number) => boolean): BufferGeometry | null {
  const index = part.geometry.index!;
  const found: number[] = [];
  for (let corner = 0; corner < index.count; corner += 3) {
    if (!taken(part.features[index.getX(corner)]!)) continue;
    found.push(index.getX(corner), index.getX(corner + 1), index.getX(corner + 2));
  }
  if (found.length === 0) return null;
  const chosen = new BufferGeometry();
  chosen.setAttribute('position', part.geometry.getAttribute('position'));
  chosen.setIndex(found);
  return chosen;
}

/** Positions as floats in the frame, whatever the file packed them as. */
function unpacked(mesh: Mesh): BufferGeometry {
  const source = mesh.geometry;
  const unpack = (name: string) => {
    const packed = source.getAttribute(name);
    const floats = new Float32Array(packed.count * 3);
    for (let n = 0; n < packed.count; n++) {
      floats.set([packed.getX(n), packed.getY(n), packed.getZ(n)], 3 * n);
    }
    return new BufferAttribute(floats, 3);
  };
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', unpack('position'));
  if (source.hasAttribute('normal')) geometry.setAttribute('normal', unpack('normal'));
  geometry.setIndex(source.index);
  geometry.applyMatrix4(mesh.matrixWorld);
  return geometry;
}

/** An asset in which nothing stands has no scene. */
function meshesOf(root: Object3D | undefined): Mesh[] {
  const found: Mesh[] = [];
  root?.updateMatrixWorld(true);
  root?.traverse((node) => {
    const mesh = node as Mesh;
    if (mesh.isMesh && mesh.geometry.index) found.push(mesh);
  });
  return found;
}

function edgesOf(hard: BufferGeometry[]): BufferGeometry {
  const lines = hard.map(
    (geometry) => new EdgesGeometry(geometry, EDGE).getAttribute('position').array as Float32Array,
  );
  const all = new Float32Array(lines.reduce((sum, line) => sum + line.length, 0));
  let at = 0;
  for (const line of lines) {
    all.set(line, at);
    at += line.length;
  }
  const edges = new BufferGeometry();
  edges.setAttribute('position', new BufferAttribute(all, 3));
  return edges;
}

/** Reads a scene; one in which nothing stands has no parts. */
export async function readScene(glb: ArrayBuffer): Promise<Content> {
  const gltf = await loader.parseAsync(glb, '');
  const { ids, classes } = await tableOf(gltf);
  const parts = meshesOf(gltf.scene).map((mesh): Part => {
    const { r, g, b } = (mesh.material as MeshStandardMaterial).color;
    const told = mesh.geometry.getAttribute('_feature_id_0');
    const features = Uint32Array.from({ length: told.count }, (_, vertex) => told.getX(vertex));
    return { geometry: unpacked(mesh), colour: [r, g, b], features };
  });
  const isHard = (feature: number) => !SOFT.test(classes[feature] ?? '');
  const hard = parts.map((part) => chosenTriangles(part, isHard)).filter((found) => found !== null);
  return { parts, ids, hard, edges: edgesOf(hard) };
}

/** All triangles of an asset without features, such as an occlusion mesh. */
export async function readMeshes(glb: ArrayBuffer): Promise<BufferGeometry[]> {
  const gltf = await loader.parseAsync(glb, '');
  return meshesOf(gltf.scene).map(unpacked);
}
