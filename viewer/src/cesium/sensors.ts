/** Sensors in the scene: one symbol for each crowd of them, with its value when near. */
import {
  BillboardCollection,
  type Billboard,
  Cartesian2,
  Cartesian3,
  Color,
  HorizontalOrigin,
  type Label,
  LabelCollection,
  LabelStyle,
  Matrix4,
  SceneTransforms,
  VerticalOrigin,
} from '@cesium/engine';
import { effect, signal } from '@preact/signals';
import type { SensorInfo } from '../client/sensorTypes';
import { readingText } from '../i18n/readings';
import { type Crowd, freeLabels, type Placed, thin } from '../sensors/cluster';
import { mainStream, urgency } from '../sensors/model';
import { drawSymbol, SYMBOL_SIZE, type SymbolLook, symbolKey } from '../sensors/symbols';
import { pickedSensor, sensors, sensorView } from '../state/sensors';
import { language, theme } from '../state/store';
import type { Stage } from './stage';

/** Symbols nearer to each other than this are one crowd [CSS px]. */
const APART = 34;
/** How far from the middle of a symbol a click still counts [CSS px]. */
const REACH = 19;
/** While the camera moves, crowds are formed anew no more often than this [ms]. */
const PAUSE_MS = 120;
const LABEL_DISTANCE = 900;
const MOST_LABELS = 60;
/** From the middle of a symbol to that of its label [CSS px]. */
const LABEL_BELOW = 31;
const DENSITY = 2;
const LABEL_FONT = '600 13px "Pretendard Variable", Pretendard, system-ui, sans-serif';
const LABEL_COLOURS = { light: ['#1c2530', '#ffffff'], dark: ['#e8edf4', '#1d232b'] } as const;

/** The symbols that are drawn, where they are on the canvas. */
export const symbols = signal<Crowd[]>([]);

/** The symbol at a point of the canvas. */
export function symbolAt(at: Cartesian2): Crowd | null {
  let found: Crowd | null = null;
  let least = REACH;
  for (const crowd of symbols.peek()) {
    const apart = Math.hypot(crowd.x - at.x, crowd.y - at.y);
    if (apart < least) [found, least] = [crowd, apart];
  }
  return found;
}

interface Spot {
  sensor: SensorInfo;
  position: Cartesian3;
}

/** The sensors that are to be seen, and where they are. */
function spotsOf(stage: Stage): Spot[] {
  const { visible, hidden } = sensorView.value;
  if (!visible) return [];
  return [...sensors.value.values()].flatMap((sensor) => {
    const { longitude, latitude, height, kind } = sensor;
    if (longitude === null || latitude === null || hidden.has(kind)) return [];
    const position = Cartesian3.fromDegrees(longitude, latitude, height ?? stage.city.home.height);
    return [{ sensor, position }];
  });
}

class SymbolLayer {
  readonly #billboards: BillboardCollection;
  readonly #labels: LabelCollection;
  readonly #shown = new Map<number, Billboard>();
  readonly #written: Label[] = [];
  readonly #view = new Matrix4();
  #spots: Spot[] = [];
  #stale = true;
  #last = 0;
  #timer = 0;

  constructor(private readonly stage: Stage) {
    const { primitives } = stage.scene;
    this.#billboards = primitives.add(new BillboardCollection()) as BillboardCollection;
    this.#labels = primitives.add(new LabelCollection()) as LabelCollection;
  }

  set spots(spots: Spot[]) {
    this.#spots = spots;
    const known = new Set(spots.map(({ sensor }) => sensor.id));
    for (const [id, billboard] of this.#shown) {
      if (known.has(id)) continue;
      this.#billboards.remove(billboard);
      this.#shown.delete(id);
    }
    this.changed();
  }

  changed(): void {
    this.#stale = true;
    this.stage.draw();
  }

  /** Before a frame: forms the crowds anew when the camera or the sensors have changed. */
  follow(): void {
    const { camera } = this.stage.scene;
    const moved = !Matrix4.equalsEpsilon(camera.viewMatrix, this.#view, 1e-9);
    if (!moved && !this.#stale) return;
    const wait = this.#last + PAUSE_MS - performance.now();
    if (!this.#stale && wait > 0) {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.stage.draw(), wait);
      return;
    }
    Matrix4.clone(camera.viewMatrix, this.#view);
    this.#last = performance.now();
    this.#stale = false;
    this.#arrange();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.stage.scene.primitives.remove(this.#billboards);
    this.stage.scene.primitives.remove(this.#labels);
    symbols.value = [];
  }

  #arrange(): void {
    const { scene } = this.stage;
    const { clientWidth, clientHeight } = scene.canvas;
    const picked = pickedSensor.peek();
    const spots = new Map<number, Spot>();
    const placed: Placed[] = [];
    for (const spot of this.#spots) {
      const at = SceneTransforms.worldToWindowCoordinates(scene, spot.position, new Cartesian2());
      if (!at || at.x < -APART || at.y < -APART) continue;
      if (at.x > clientWidth + APART || at.y > clientHeight + APART) continue;
      const { id, state } = spot.sensor;
      spots.set(id, spot);
      placed.push({ id, x: at.x, y: at.y, weight: id === picked ? Infinity : urgency(state) });
    }
    const crowds = thin(placed, APART);
    const seen = new Set(crowds.map((crowd) => crowd.id));
    for (const [id, billboard] of this.#shown) if (!seen.has(id)) billboard.show = false;
    for (const crowd of crowds) this.#draw(crowd, spots.get(crowd.id)!, crowd.id === picked);
    this.#write(crowds, spots);
    symbols.value = crowds;
  }

  #draw(crowd: Crowd, { sensor, position }: Spot, picked: boolean): void {
    const look: SymbolLook = {
      kind: sensor.kind,
      state: sensor.state,
      hidden: crowd.hidden.length,
      picked,
    };
    let billboard = this.#shown.get(sensor.id);
    if (!billboard) {
      billboard = this.#billboards.add({
        position,
        disableDepthTestDistance: Number.POSITIVE_INFINITY,
        width: SYMBOL_SIZE,
        height: SYMBOL_SIZE,
      });
      this.#shown.set(sensor.id, billboard);
    }
    billboard.position = position;
    billboard.show = true;
    const key = symbolKey(look);
    if (billboard.image !== key) {
      const image = () => drawSymbol(look, DENSITY) as unknown as HTMLImageElement;
      billboard.setImage(key, image);
    }
  }

  /** Values below the symbols that are near, where they cover neither a symbol nor each other. */
  #write(crowds: Crowd[], spots: Map<number, Spot>): void {
    const near = sensorView.peek().labels ? this.#near(crowds, spots) : [];
    const texts = near.map(({ sensor }) => {
      const stream = mainStream(sensor);
      return stream ? readingText(stream.property, stream.value, stream.unit) : '';
    });
    const free = freeLabels(
      near.map(({ x, y }, index) => ({ x, y: y + LABEL_BELOW, text: texts[index]! })),
      crowds,
    );
    const [ink, paper] = LABEL_COLOURS[theme.peek()].map((css) => Color.fromCssColorString(css));
    free.forEach((chosen, index) => {
      const { position } = near[chosen]!;
      const label = (this.#written[index] ??= this.#labels.add({
        position,
        font: LABEL_FONT,
        style: LabelStyle.FILL,
        showBackground: true,
        backgroundPadding: new Cartesian2(6, 4),
        pixelOffset: new Cartesian2(0, LABEL_BELOW),
        horizontalOrigin: HorizontalOrigin.CENTER,
        verticalOrigin: VerticalOrigin.CENTER,
        disableDepthTestDistance: Number.POSITIVE_INFINITY,
      }));
      const text = texts[chosen]!;
      if (label.text !== text) label.text = text;
      label.position = position;
      label.fillColor = ink!;
      label.backgroundColor = paper!;
      label.show = true;
    });
    for (const label of this.#written.slice(free.length)) label.show = false;
  }

  /** The nearest of the symbols, the picked one first. */
  #near(crowds: Crowd[], spots: Map<number, Spot>): (Spot & Crowd)[] {
    const from = this.stage.scene.camera.positionWC;
    const picked = pickedSensor.peek();
    return crowds
      .map((crowd) => {
        const spot = spots.get(crowd.id)!;
        const distance = crowd.id === picked ? 0 : Cartesian3.distance(from, spot.position);
        return { ...crowd, ...spot, distance };
      })
      .filter(({ distance }) => distance < LABEL_DISTANCE)
      .sort((a, b) => a.distance - b.distance)
      .slice(0, MOST_LABELS);
  }
}

export function showSensors(stage: Stage): void {
  const layer = new SymbolLayer(stage);
  stage.owner.own(() => layer.destroy());
  stage.owner.own(
    effect(() => {
      layer.spots = spotsOf(stage);
    }),
  );
  stage.owner.own(
    effect(() => {
      void [pickedSensor.value, theme.value, language.value];
      layer.changed();
    }),
  );
  stage.owner.own(stage.scene.preRender.addEventListener(() => layer.follow()));
  const resized = new ResizeObserver(() => layer.changed());
  resized.observe(stage.scene.canvas);
  stage.owner.own(() => resized.disconnect());
}
