/** The inspector's sections below the attributes. */
import type { AttributeNode, CityObject } from '../client/types';
import { dateText, type Key, number, squareMetres, t, term } from '../i18n';
import { addressText } from '../i18n/values';
import { selection, zone } from '../state/store';
import { AttributeTable } from './AttributeTable';
import { Icon } from './icons';

type Props = { object: CityObject };

export function Findings({ object }: Props) {
  const findings = object.findings ?? [];
  if (findings.length === 0) return null;
  const severity = (name: string): Key =>
    name === 'error' ? 'severity.error' : name === 'warning' ? 'severity.warning' : 'severity.info';
  return (
    <section>
      <h3>{t('inspector.findings')}</h3>
      <ul class="findings">
        {findings.map((finding, index) => (
          <li key={index}>
            <Icon name="warning" size={16} />
            <span>
              <b>{t(severity(finding.severity))}</b> {finding.message}
              <code>{finding.code}</code>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Addresses({ object }: Props) {
  const addresses = object.addresses ?? [];
  if (addresses.length === 0) return null;
  return (
    <section>
      <h3>{t('inspector.addresses')}</h3>
      {addresses.map((address, index) => (
        <p key={index}>{addressText(address)}</p>
      ))}
    </section>
  );
}

export function Surfaces({ object }: Props) {
  const surfaces = Object.entries(object.surfaces ?? {});
  if (surfaces.length === 0) return null;
  return (
    <section>
      <h3>{t('inspector.surfaces')}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('inspector.surface')}</th>
            <th scope="col">{t('inspector.count')}</th>
            <th scope="col">{t('inspector.area')}</th>
          </tr>
        </thead>
        <tbody>
          {surfaces.map(([name, { count, area }]) => (
            <tr key={name}>
              <th scope="row">{term('surface', name)}</th>
              <td>{number(count)}</td>
              <td>{squareMetres(area)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ObjectLink({ id, kind }: { id: string; kind: string | undefined }) {
  return (
    <li>
      <button class="plain" onClick={() => (selection.value = id)}>
        <Icon name="cube" size={16} />
        <span>{kind ? term('class', kind) : id}</span>
        {kind && <small>{id}</small>}
      </button>
    </li>
  );
}

export function Parent({ object }: Props) {
  const { parent } = object;
  const id = typeof parent === 'string' ? parent : parent?.id;
  if (!id) return null;
  return (
    <section class="parent">
      <h3>{t('inspector.parent')}</h3>
      <ul class="object-links">
        <ObjectLink id={id} kind={typeof parent === 'object' ? parent?.class : undefined} />
      </ul>
    </section>
  );
}

export function Parts({ object }: Props) {
  const children = object.children ?? [];
  if (children.length === 0) return null;
  return (
    <section>
      <h3>{t('inspector.parts')}</h3>
      <ul class="object-links">
        {children.map((child) => (
          <ObjectLink key={child.id} id={child.id} kind={child.class} />
        ))}
      </ul>
    </section>
  );
}

export function Provenance({ object }: Props) {
  const entries: [string, AttributeNode][] = [];
  if (object.lods?.length) entries.push([t('inspector.lods'), object.lods.join(', ')]);
  if (object.position) {
    const [lon, lat, height] = object.position;
    entries.push([t('inspector.position'), `${lat.toFixed(6)}, ${lon.toFixed(6)}, ${number(height, 1)} m`]);
  }
  if (object.valid_from) entries.push([t('inspector.from'), dateText(object.valid_from, zone.value)]);
  if (object.valid_to) entries.push([t('inspector.until'), dateText(object.valid_to, zone.value)]);
  entries.push(...Object.entries(object.source ?? {}).filter(([, value]) => value !== null));
  if (entries.length === 0) return null;
  return (
    <section>
      <h3>{t('inspector.source')}</h3>
      <AttributeTable entries={entries} />
    </section>
  );
}
