/** All attributes of an object, nested ones as groups that open. */
import type { AttributeNode } from '../client/types';
import { hasTerm, term } from '../i18n';
import { isFields, valueText } from '../i18n/values';

function Row({ name, node, depth }: { name: string; node: AttributeNode; depth: number }) {
  const value = valueText(name, node);
  const label = term('attr', name);
  const heading = hasTerm('attr', name) ? <span title={name}>{label}</span> : label;
  if (value) {
    return (
      <div class="attribute">
        <dt>{heading}</dt>
        <dd>
          {value.text}
          {value.note && <small>{value.note}</small>}
        </dd>
      </div>
    );
  }
  const parts: [string, AttributeNode][] = Array.isArray(node)
    ? node.map((item, index) => [`${label} ${index + 1}`, item])
    : isFields(node)
      ? Object.entries(node)
      : [];
  return (
    <details class="attribute-group" open={depth < 1}>
      <summary>{heading}</summary>
      <AttributeTable entries={parts} depth={depth + 1} />
    </details>
  );
}

export function AttributeTable({
  entries,
  depth = 0,
}: {
  entries: [string, AttributeNode][];
  depth?: number;
}) {
  return (
    <dl class="attributes">
      {entries.map(([name, node]) => (
        <Row key={name} name={name} node={node} depth={depth} />
      ))}
    </dl>
  );
}
