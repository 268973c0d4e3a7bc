/** What the shown flood does to the picked building. */
import { number, t, withUnit } from '../i18n';
import { money } from '../runs/text';
import { buildingValues } from '../state/flood';

export function ObjectFlood({ ids }: { ids: string[] }) {
  const rows = [...buildingValues.value].flatMap(([name, { byId, unit }]) => {
    const value = ids.map((id) => byId.get(id)).find((found) => found !== undefined);
    if (value === undefined) return [];
    return [{ name, text: name === 'depth' ? withUnit(number(value, 2), unit) : money(value, unit) }];
  });
  if (rows.length === 0) return null;
  return (
    <section>
      <h3>{t('flood.object')}</h3>
      <dl class="figures">
        {rows.map(({ name, text }) => (
          <div key={name}>
            <dt>{t(name === 'depth' ? 'flood.value.depth' : 'flood.value.damage')}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
