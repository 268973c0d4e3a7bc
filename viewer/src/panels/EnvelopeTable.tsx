/** What encloses a building: each part with where it looks, its area and U-value, what it loses, and how that is known. */
import type { BuildingEnergy, EnvelopeRow } from '../client/energy';
import { percent, word } from '../energy/text';
import { number, t } from '../i18n';

function Row({ row }: { row: EnvelopeRow }) {
  const shared = row.boundary === 'adiabatic';
  const towards = shared
    ? t('energy.boundary.shared')
    : row.boundary === 'ground'
      ? t('energy.boundary.ground')
      : word('towards', row.orientation);
  return (
    <tr class={row.origin === 'guess' ? 'energy-unsure' : undefined}>
      <th scope="row">
        {word('part', row.part)} {towards}
        <small>{word('origin', row.origin)}</small>
      </th>
      <td>{number(row.area, 1)}</td>
      <td>{shared ? '–' : number(row.u_value, 2)}</td>
      <td>{row.loss === null ? '–' : number(row.loss, 1)}</td>
    </tr>
  );
}

export function EnvelopeTable({ found }: { found: BuildingEnergy }) {
  return (
    <details class="energy-envelope">
      <summary>{t('energy.envelope')}</summary>
      {found.window_share !== null && (
        <p class="energy-note">{t('energy.windows', { share: percent(found.window_share) })}</p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">{t('energy.envelope.part')}</th>
            <th scope="col">{t('energy.envelope.area')}</th>
            <th scope="col">{t('energy.envelope.u')}</th>
            <th scope="col">{t('energy.envelope.loss')}</th>
          </tr>
        </thead>
        <tbody>
          {found.envelope.map((row, index) => (
            <Row key={index} row={row} />
          ))}
        </tbody>
      </table>
    </details>
  );
}
