/** Flood warnings in the scene: sub-basins in the colours of their levels, and ways to shelters as lines. */
import {
  ArcType,
  Cartesian3,
  Cartographic,
  Color,
  ColorGeometryInstanceAttribute,
  GeometryInstance,
  Math as CesiumMath,
  PolylineColorAppearance,
  PolylineGeometry,
  Primitive,
} from '@cesium/engine';
import { effect, untracked } from '@preact/signals';
import { cellAt, placeAt, shareAt, type WaterFile } from '../flood/grid';
import { basinMesh, LEVEL_COLOURS, type Route } from '../flood/warnings';
import { floodView } from '../state/flood';
import { pickSensor } from '../state/sensors';
import { selection } from '../state/store';
import { type BasinGrid, basinGrid, basinsShown, pickBasin, routesShown } from '../state/warnings';
import type { Stage } from './stage';
import { WaterSurface } from './waterSurface';

const OPACITY = 0.55;
/** Sub-basins lie over the ground, ways over them [m]. */
const OVER = 0.3;
const WAY_OVER = 1.5;
const WAY_COLOUR = '#12a150';
const WAY_WIDTH = 5;
/** Ways follow the ground from point to point [m]. */
const WAY_STEP = 10;

/** The grid of sub-basins as that of a water surface. */
function fileOf({ warnings }: BasinGrid): WaterFile {
  const { map } = warnings.file;
  const none = { href: '' };
  return {
    ...map,
    corners: map.corners as WaterFile['corners'],
    times: [],
    frames: { ...none, count: 0 },
    maximum: none,
    legend: { title: { ko: '', en: '' }, unit: 'm', stops: [0, 1] },
  };
}

function surfaceOf(grid: BasinGrid, file: WaterFile): WaterSurface {
  const { basins } = grid.warnings;
  const mesh = basinMesh(grid.warnings.file.map, grid.cells, basins);
  const surface = new WaterSurface(file, mesh, grid.elevation);
  const levels = new Map(basins.map(({ basin, level }) => [basin, level]));
  mesh.cells.forEach((cell, vertex) => {
    const level = Math.max(1, levels.get(grid.cells[cell]!) ?? 1);
    surface.values.set([OVER, 1, OVER, (level - 0.5) / LEVEL_COLOURS.length], vertex * 4);
  });
  surface.paint([...LEVEL_COLOURS], LEVEL_COLOURS.length);
  surface.opacity = OPACITY;
  surface.changed();
  return surface;
}

/** A way on the ground, with points near enough to each other to follow it. */
function positionsOf(route: Route, file: WaterFile, elevation: Float32Array): Cartesian3[] {
  const at = ([lon, lat]: [number, number]) => {
    const cell = cellAt(file, lon, lat);
    const height = cell ? elevation[cell.row * file.width + cell.column]! : 0;
    const offset = placeAt(file.corners, ...shareAt(file.corners, lon, lat))[2];
    return Cartesian3.fromDegrees(lon, lat, height + offset + WAY_OVER);
  };
  return route.line.flatMap((to, index) => {
    const from = route.line[index - 1];
    if (!from) return [at(to)];
    const apart = Cartesian3.distance(at(from), at(to));
    const steps = Math.max(1, Math.ceil(apart / WAY_STEP));
    return Array.from({ length: steps }, (_, step) => {
      const share = (step + 1) / steps;
      return at([from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]);
    });
  });
}

function waysOf(grid: BasinGrid, file: WaterFile): Primitive | null {
  const geometryInstances = grid.warnings.routes
    .map((route) => positionsOf(route, file, grid.elevation))
    .filter((positions) => positions.length > 1)
    .map(
      (positions) =>
        new GeometryInstance({
          geometry: new PolylineGeometry({
            positions,
            width: WAY_WIDTH,
            arcType: ArcType.NONE,
            vertexFormat: PolylineColorAppearance.VERTEX_FORMAT,
          }),
          attributes: {
            color: ColorGeometryInstanceAttribute.fromColor(Color.fromCssColorString(WAY_COLOUR)),
            depthFailColor: ColorGeometryInstanceAttribute.fromColor(
              Color.fromCssColorString(WAY_COLOUR).withAlpha(0.6),
            ),
          },
        }),
    );
  if (geometryInstances.length === 0) return null;
  return new Primitive({
    geometryInstances,
    appearance: new PolylineColorAppearance({ translucent: false }),
    depthFailAppearance: new PolylineColorAppearance({ translucent: true }),
    asynchronous: false,
    allowPicking: false,
  });
}

function draw(stage: Stage, grid: BasinGrid): () => void {
  const { primitives } = stage.scene;
  const file = fileOf(grid);
  const surface = surfaceOf(grid, file);
  primitives.add(surface);
  const ways = waysOf(grid, file);
  if (ways) primitives.add(ways);
  const follow = effect(() => {
    const visible = floodView.value?.visible === true;
    surface.show = visible && basinsShown.value;
    if (ways) ways.show = visible && routesShown.value;
    stage.draw();
  });
  return () => {
    follow();
    primitives.remove(surface);
    if (ways) primitives.remove(ways);
    stage.draw();
  };
}

export function showWarnings(stage: Stage): void {
  stage.owner.own(
    effect(() => {
      const grid = basinGrid.value;
      return grid ? untracked(() => draw(stage, grid)) : undefined;
    }),
  );
}

/** Asks about the sub-basin at a place; false where none is shown. */
export function basinAt(position: Cartesian3): boolean {
  const grid = basinGrid.peek();
  if (!grid || !basinsShown.peek() || !floodView.peek()?.visible) return false;
  const place = Cartographic.fromCartesian(position);
  const file = fileOf(grid);
  const cell = cellAt(file, CesiumMath.toDegrees(place.longitude), CesiumMath.toDegrees(place.latitude));
  const number = cell ? grid.cells[cell.row * file.width + cell.column]! : 0;
  const basin = grid.warnings.basins.find((one) => one.basin === number);
  if (!basin) return false;
  selection.value = null;
  pickSensor(null);
  pickBasin(basin);
  return true;
}
