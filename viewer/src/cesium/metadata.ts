/**
 * The value of a property texture under a point of the canvas. CesiumJS's `scene.pickMetadata` passes over models
 * whose surfaces are features as well, so this goes to the picking below it, which is not in its types.
 */
import * as Cesium from '@cesium/engine';
import type { Cartesian2, Cesium3DTileFeature, Scene } from '@cesium/engine';

interface Schema {
  classes: Record<string, { properties: Record<string, unknown> }>;
}

interface StructuralMetadata {
  schema: Schema;
}

/** What CesiumJS exports without types. */
interface Parts {
  PickedMetadataInfo: new (
    schemaId: undefined,
    className: string,
    propertyName: string,
    classProperty: object,
    metadataProperty: object,
  ) => object;
  getMetadataClassProperty: (
    schema: Schema,
    schemaId: undefined,
    className: string,
    propertyName: string,
  ) => object | undefined;
  getMetadataProperty: (
    metadata: StructuralMetadata,
    className: string,
    propertyName: string,
  ) => object | undefined;
}

interface WithPicking {
  _picking: { pickMetadata: (scene: Scene, at: Cartesian2, wanted: object) => unknown };
}

interface WithModel {
  content: { _model?: { structuralMetadata?: StructuralMetadata } };
}

const parts = Cesium as unknown as Parts;

/** The value of a property at a point that shows a feature; null where its model has no such property. */
export function pickValue(
  scene: Scene,
  at: Cartesian2,
  feature: Cesium3DTileFeature,
  property: string,
): number | null {
  const metadata = (feature as unknown as WithModel).content._model?.structuralMetadata;
  if (!metadata) return null;
  const named = Object.entries(metadata.schema.classes).find(([, { properties }]) => property in properties);
  if (!named) return null;
  const [className] = named;
  const classProperty = parts.getMetadataClassProperty(metadata.schema, undefined, className, property);
  const metadataProperty = parts.getMetadataProperty(metadata, className, property);
  if (!classProperty || !metadataProperty) return null;
  const wanted = new parts.PickedMetadataInfo(
    undefined,
    className,
    property,
    classProperty,
    metadataProperty,
  );
  const value = alone(scene, feature.tileset, () =>
    (scene as unknown as WithPicking)._picking.pickMetadata(scene, at, wanted),
  );
  return typeof value === 'number' ? value : null;
}

/** Does something while a primitive is the only one shown; the others' shaders lack the property that is read. */
function alone<T>(scene: Scene, primitive: object, act: () => T): T {
  const hidden: { show: boolean }[] = [];
  for (let index = 0; index < scene.primitives.length; index++) {
    const other = scene.primitives.get(index) as { show: boolean };
    if (other === primitive || !other.show) continue;
    other.show = false;
    hidden.push(other);
  }
  try {
    return act();
  } finally {
    for (const other of hidden) other.show = true;
  }
}
