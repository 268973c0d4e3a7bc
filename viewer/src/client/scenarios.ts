/** Scenarios: what they add to the city, and what they take away. */
import { get, post, remove } from './api';
import type { Ring } from './sun';

export interface Scenario {
  id: number;
  name: string;
}

export interface PlannedObject {
  id: string;
  action: 'added' | 'changed';
  footprint: { type: string; coordinates: unknown } | null;
  /** [m] */
  height: number | null;
}

export interface ScenarioContent extends Scenario {
  objects: PlannedObject[];
  removed_ids: string[];
}

export const getScenarios = async () => (await get<{ scenarios: Scenario[] }>('/scenarios')).scenarios;
export const getScenario = (id: number) => get<ScenarioContent>(`/scenarios/${id}`);
export const makeScenario = (name: string) => post<Scenario>('/scenarios', { name });
export const deleteScenario = (id: number) => remove<null>(`/scenarios/${id}`);

export const addBuilding = (
  id: number,
  footprint: { type: 'Polygon'; coordinates: Ring[] },
  height: number,
) => post<unknown>(`/scenarios/${id}/objects`, { footprint, height });

export const removeObject = (id: number, object: string) =>
  remove<null>(`/scenarios/${id}/objects/${encodeURIComponent(object)}`);
