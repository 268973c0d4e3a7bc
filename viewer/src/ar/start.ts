/** From a tap on "start" to a picture: the best that the device can do, each falling back to the next. */
import { effect, signal } from '@preact/signals';
import type { Quaternion } from 'three';
import type { Key } from '../i18n';
import { city } from '../state/store';
import type { PlacedCity } from '../client/types';
import { alreadyInside, pickAlong, placeInCity } from './actions';
import { askForTurn, openCamera, type Turned, watchPlace, watchTurn } from './device';
import type { Linked } from './link';
import {
  about,
  fallback,
  headingError,
  linedUp,
  look,
  mode,
  outside,
  position,
  step,
  type Position,
} from './state';
import { headingDoubt } from './sure';
import { lookOf, lookTurn } from './turn';
import type { View } from './view';
import { hasXr, startXr } from './xr';

/** Why the position is not known; null while it is, or is asked for. */
export const placeTrouble = signal<Key | null>(null);
export const locating = signal(false);
/** The device is asked for its sensors, its camera or WebXR. */
export const starting = signal(false);

/** Ends what listens to the device. */
let endings: (() => void)[] = [];

export function leave(): void {
  for (const end of endings) end();
  endings = [];
  locating.value = false;
  linedUp.value = false;
  mode.value = 'street';
  step.value = 'choose';
}

const takeTurn =
  (view: View) =>
  ({ turn, error, absolute }: Turned) => {
    if (mode.peek() === 'xr') return;
    headingError.value = headingDoubt(absolute, error, linedUp.peek());
    view.turned(turn);
  };

/** Opens the best mode there is, and says in `fallback` what was missing for a better one. */
async function openMode(view: View, video: HTMLVideoElement): Promise<void> {
  fallback.value = null;
  let turn: Quaternion | null = null;
  const take = takeTurn(view);
  const asked = await askForTurn();
  const stop = asked
    ? await watchTurn((turned) => {
        turn = turned.turn;
        take(turned);
      })
    : null;
  if (stop) endings.push(stop);
  if (await hasXr()) {
    try {
      const compass = () => (turn ? lookOf(turn) : look.peek());
      endings.push(await startXr(view, compass, (seen) => void pickAlong(seen), leave));
      return;
    } catch {
      fallback.value = 'ar.fallback.xr';
    }
  }
  if (!stop) {
    fallback.value = asked ? 'ar.fallback.turn' : 'ar.fallback.turn.denied';
    return;
  }
  const stream = await openCamera();
  if (!stream) {
    stop();
    fallback.value = isSecureContext ? 'ar.fallback.camera' : 'ar.insecure';
    return;
  }
  endings.push(() => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    view.stage.cover(null);
  });
  video.onresize = () => view.stage.cover([video.videoWidth, video.videoHeight]);
  video.srcObject = stream;
  void video.play().catch(() => undefined);
  mode.value = 'camera';
}

/** The device's position as it comes; resolves with the first, or false where there is none. */
function follow(): Promise<boolean> {
  locating.value = true;
  placeTrouble.value = null;
  return new Promise((resolve) => {
    endings.push(
      watchPlace(
        ({ lat, lon, accuracy }) => {
          locating.value = false;
          placeTrouble.value = null;
          if (mode.peek() !== 'xr' || position.peek() === null) {
            position.value = { lat, lon, height: null, accuracy, source: 'device' };
          }
          resolve(true);
        },
        (why) => {
          locating.value = false;
          placeTrouble.value = why;
          resolve(false);
        },
      ),
    );
  });
}

export const linkedPosition = ({ lat, lon, height }: Linked): Position | null =>
  lat === null || lon === null ? null : { lat, lon, height, accuracy: 0, source: 'link' };

function face(view: View, { heading, pitch }: Linked): void {
  if (heading !== null || pitch !== null) view.turned(lookTurn({ heading: heading ?? 0, pitch: pitch ?? 0 }));
}

/** Starts where the link says, else where the device is. */
export async function startHere(view: View, video: HTMLVideoElement, link: Linked): Promise<void> {
  const given = linkedPosition(link);
  face(view, link);
  starting.value = true;
  position.value = null;
  try {
    await openMode(view, video);
  } finally {
    starting.value = false;
  }
  if (given) position.value = given;
  else if (!(await follow())) {
    const why = placeTrouble.value;
    leave();
    placeTrouble.value = why;
    return;
  }
  step.value = 'show';
  const at = position.value!;
  outside.value = !alreadyInside(city.value as PlacedCity, at.lat, at.lon) && outside.value;
}

/** Stands at the nearest place of the city where something stands, else in its middle, in the street view. */
export async function standInCity(view: View): Promise<void> {
  const near = position.value;
  leave();
  [outside.value, fallback.value] = [false, null];
  view.forget();
  const { bbox, home } = city.value as PlacedCity;
  const stand = (place: { lat: number; lon: number }) => {
    position.value = { lat: place.lat, lon: place.lon, height: null, accuracy: 0, source: 'city' };
  };
  stand(placeInCity({ bbox, home }, near));
  step.value = 'show';
  await view.ready;
  if (about.value?.empty) {
    stand(home);
    await view.ready;
  }
  view.stepIntoTheOpen();
}

/** Ends the video when the page is left, as the camera's light should go out; who comes back starts anew. */
export function followPage(): void {
  addEventListener('pagehide', () => {
    if (endings.length > 0) leave();
  });
  effect(() => void (document.documentElement.dataset.mode = mode.value));
}
