/** What the shown flood does to the picked building. */
import { number, t, withUnit } from '../i18n';
import { money } from '../runs/text';
import { buildingValues } from '../state/flood';
import { warnings } from '../state/warnings';
import { depthText, levelText } from './WarningLayer';

/** The level of a building, and the error of its depth, as the shown run has them. */
function warningOf(ids: string[]): { level: string; depth: string } | null {
  const found = warnings.value;
  if (!found) return null;
  const { buildings } = found.file;
  const index = buildings.ids.findIndex((id) => ids.includes(id));
  const level = buildings.level[index];
  if (level === undefined) return null;
  const depth = depthText(buildings.depth[index] ?? null, buildings.error?.[index]);
  return { level: levelText(found, level), depth };
}

export function ObjectFlood({ ids }: { ids: string[] }) {
  const warning = warningOf(ids);
  const rows = [...buildingValues.value].flatMap(([name, { byId, unit }]) => {
    const value = ids.map((id) => byId.get(id)).find((found) => found !== undefined);
    if (value === undefined) return [];
    const depth = warning?.depth ?? withUnit(number(value, 2), unit);
    return [{ name, text: name === 'depth' ? depth : money(value, unit) }];
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
        {warning && (
          <div>
            <dt>{t('warnings.level')}</dt>
            <dd>{warning.level}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}
