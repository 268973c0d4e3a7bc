/** The area that a run is wanted for, as a box on the map [degrees]. */
import { signal } from '@preact/signals';

export type Box = [west: number, south: number, east: number, north: number];

export const areaBox = signal<Box | null>(null);
