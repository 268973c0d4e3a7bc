/** What the device tells of itself: where it is, how it is turned, and what its camera sees. */
import type { Quaternion } from 'three';
import type { Key } from '../i18n';
import { deviceTurn } from './turn';

export interface Located {
  lat: number;
  lon: number;
  /** Radius of error [m]. Browsers pass on what the system tells, mostly a radius that holds 68 %. */
  accuracy: number;
}

const PATIENCE_MS = 20_000;
/** How long a device may take to tell its first turn. */
const FIRST_TURN_MS = 1500;

function refusal(error: GeolocationPositionError): Key {
  if (error.code === error.PERMISSION_DENIED) return 'ar.place.denied';
  return error.code === error.TIMEOUT ? 'ar.place.timeout' : 'ar.place.unavailable';
}

/** Tells every new position until the answer is called. */
export function watchPlace(taken: (place: Located) => void, failed: (why: Key) => void): () => void {
  if (!('geolocation' in navigator)) {
    failed(isSecureContext ? 'ar.place.unavailable' : 'ar.insecure');
    return () => undefined;
  }
  const id = navigator.geolocation.watchPosition(
    ({ coords }) => taken({ lat: coords.latitude, lon: coords.longitude, accuracy: coords.accuracy }),
    (error) => failed(isSecureContext ? refusal(error) : 'ar.insecure'),
    { enableHighAccuracy: true, maximumAge: 5000, timeout: PATIENCE_MS },
  );
  return () => navigator.geolocation.clearWatch(id);
}

/** Safari tells the compass apart from alpha, and how far it may be off [degrees]. */
interface CompassEvent extends DeviceOrientationEvent {
  webkitCompassHeading?: number;
  webkitCompassAccuracy?: number;
}
type Asking = { requestPermission?: () => Promise<'granted' | 'denied'> };

export interface Turned {
  turn: Quaternion;
  /** Standard deviation of the heading [degrees] where the device states one. */
  error: number | null;
  /** Whether north is known. */
  absolute: boolean;
}

/** Turn of a device by one of its events; null where it has no sensors. */
export function turnedBy(event: CompassEvent, screenAngle: number): Turned | null {
  const { alpha, beta, gamma, webkitCompassHeading: compass, webkitCompassAccuracy: accuracy } = event;
  if (alpha === null || beta === null || gamma === null) return null;
  const absolute = event.absolute || compass !== undefined;
  const fromNorth = compass === undefined ? alpha : 360 - compass;
  return {
    turn: deviceTurn(fromNorth, beta, gamma, screenAngle),
    error: accuracy !== undefined && accuracy >= 0 ? accuracy : null,
    absolute,
  };
}

/** Asks for the sensors where that is needed; has to come from a tap. */
export async function askForTurn(): Promise<boolean> {
  if (typeof DeviceOrientationEvent === 'undefined') return false;
  const { requestPermission } = DeviceOrientationEvent as unknown as Asking;
  if (!requestPermission) return true;
  return (await requestPermission.call(DeviceOrientationEvent).catch(() => 'denied')) === 'granted';
}

/** Tells every new turn. Resolves to a way to end it, or to null if the device tells none. */
export function watchTurn(taken: (turned: Turned) => void): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    let known = false;
    const listen = (event: Event) => {
      const turned = turnedBy(event as CompassEvent, screen.orientation?.angle ?? 0);
      if (!turned || (known && !turned.absolute)) return;
      known ||= turned.absolute;
      taken(turned);
      clearTimeout(waiting);
      resolve(stop);
    };
    const stop = () => {
      removeEventListener('deviceorientationabsolute', listen);
      removeEventListener('deviceorientation', listen);
    };
    const waiting = setTimeout(() => {
      stop();
      resolve(null);
    }, FIRST_TURN_MS);
    addEventListener('deviceorientationabsolute', listen);
    addEventListener('deviceorientation', listen);
  });
}

/** The camera at the back as a stream; null where there is none or it is refused. */
export async function openCamera(): Promise<MediaStream | null> {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
  } catch {
    return null;
  }
}
