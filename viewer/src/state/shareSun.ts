/** What a link says of the sun: the shown run (`y`), the planned building (`b`), its comparison (`v`), the date (`d`). */
import { type Plan, readPlan, writePlan } from '../sunstudy/plan';
import { escaped } from './linkText';
import { type Compare, COMPARES } from './plan';
import type { SunView } from './sunRun';

export interface SunState {
  sun?: SunView;
  plan?: Plan;
  compare?: Compare;
  sunDate?: string;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

function writeView({ run, visible, property, opacity, ground }: SunView): string {
  const parts = [escaped(run), visible ? 1 : 0, property, Number(opacity.toFixed(2))];
  return (ground ? parts : [...parts, 0]).join('~');
}

function readView(text: string): SunView | undefined {
  const [run, visible, property, share, ground] = text.split('~');
  if (!run) return undefined;
  const opacity = Number(share);
  return {
    run: decodeURIComponent(run),
    visible: visible !== '0',
    property: property ?? '',
    opacity: opacity > 0 && opacity <= 1 ? opacity : 1,
    ground: ground !== '0',
  };
}

export function writeSun({
  sun,
  plan,
  compare,
  sunDate,
}: SunState): [key: string, value: string | undefined][] {
  return [
    ['y', sun && writeView(sun)],
    ['b', plan && writePlan(plan)],
    ['v', plan && compare !== 'change' ? compare : undefined],
    ['d', sunDate],
  ];
}

export function readSun(entries: Map<string, string>): SunState {
  const state: SunState = {};
  const attempt = <T>(key: string, read: (text: string) => T | undefined): T | undefined => {
    const text = entries.get(key);
    try {
      return text ? read(text) : undefined;
    } catch {
      return undefined;
    }
  };
  const sun = attempt('y', readView);
  if (sun) state.sun = sun;
  const plan = attempt('b', readPlan);
  if (plan) state.plan = plan;
  const compare = entries.get('v') as Compare;
  if (plan && COMPARES.includes(compare)) state.compare = compare;
  const date = entries.get('d') ?? '';
  if (DATE.test(date) && !Number.isNaN(Date.parse(date))) state.sunDate = date;
  return state;
}
