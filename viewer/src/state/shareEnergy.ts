/** What a link says of energy (`e`): the shown run, whose retrofit is looked at, and its measures. */
import type { EnergyView } from './energy';
import { escaped } from './linkText';

const KINDS = { b: 'building', k: 'block' } as const;

export function writeEnergy({ run, of, measures }: EnergyView): string {
  const whose = of ? `${of.kind === 'building' ? 'b' : 'k'}${of.id}` : '';
  return [run, whose, ...measures].map(escaped).join('~');
}

/** Throws what cannot be read. */
export function readEnergy(text: string): EnergyView | undefined {
  const [run, whose = '', ...measures] = text.split('~').map(decodeURIComponent);
  if (!run) return undefined;
  const kind = KINDS[whose[0] as keyof typeof KINDS];
  const of = kind && whose.length > 1 ? { kind, id: whose.slice(1) } : null;
  return { run, of, measures: measures.filter(Boolean) };
}
