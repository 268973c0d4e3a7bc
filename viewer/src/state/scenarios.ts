/** Plans kept on the server as scenarios: saved, opened again, deleted. */
import { signal } from '@preact/signals';
import {
  addBuilding,
  deleteScenario,
  getScenario,
  getScenarios,
  makeScenario,
  type PlannedObject,
  removeObject,
  type Scenario,
} from '../client/scenarios';
import type { Ring } from '../client/sun';
import { isSound, type Plan, polygonOf } from '../sunstudy/plan';
import { startPlan } from './plan';
import { attempt } from './runs';

/** Newest first; null until they have been read. */
export const scenarios = signal<Scenario[] | null>(null);

export const readScenarios = () =>
  attempt(async () => {
    scenarios.value = await getScenarios();
  });

/** Keeps the plan under a name; what could only be kept in part is not kept. */
export const saveScenario = (name: string, plan: Plan) =>
  attempt(async () => {
    const made = await makeScenario(name);
    try {
      await addBuilding(made.id, polygonOf(plan.footprint), plan.height);
      for (const id of plan.removed) await removeObject(made.id, id);
    } catch (error) {
      await deleteScenario(made.id).catch(() => undefined);
      throw error;
    }
    scenarios.value = await getScenarios();
  });

export const dropScenario = (id: number) =>
  attempt(async () => {
    await deleteScenario(id);
    scenarios.value = await getScenarios();
  });

/** A planned object as a plan, if it is one with an outline that can be moved about. */
export function planOf({ footprint, height }: PlannedObject, removed: string[]): Plan | null {
  if (footprint?.type !== 'Polygon' || height === null) return null;
  const [outer] = footprint.coordinates as number[][][];
  const ring = (outer ?? []).slice(0, -1).map(([lon, lat]) => [lon, lat]) as Ring;
  return isSound(ring) ? { footprint: ring, height, removed } : null;
}

/** Puts the first building of a scenario on the map as the plan; false where it has none that can be one. */
export async function openScenario(id: number): Promise<boolean> {
  const found = await getScenario(id);
  const [plan] = found.objects.flatMap((object) => planOf(object, found.removed_ids) ?? []);
  if (!plan) return false;
  startPlan(plan);
  return true;
}
