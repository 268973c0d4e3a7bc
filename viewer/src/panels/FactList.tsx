/** Names with their values. */
import type { ComponentChildren } from 'preact';

/** One without a value is left out. */
export type Fact = readonly [name: string, value: ComponentChildren];

interface Props {
  facts: readonly Fact[];
  /** How they stand: below each other, beside each other, or as tiles. */
  as: 'facts' | 'figures' | 'glance';
  label?: string;
}

export function FactList({ facts, as, label }: Props) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
  if (known.length === 0) return null;
  return (
    <dl class={as} aria-label={label}>
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
