/** What the panels of retrofits share: whose they are, packages of measures, and what went wrong. */
import { capital } from '../energy/text';
import { number, t } from '../i18n';
import { changeEnergy, energyRun, energyView } from '../state/energy';
import { blocks, chooseMeasures, packages } from '../state/retrofit';
import { language, selection } from '../state/store';
import { Icon } from './icons';
import { ChoiceField } from './LayerFrame';

const WHOLE = 'district';

/** A building that was picked, or a block; all buildings, where these are offered. */
export function WhoseField({ whole = false }: { whole?: boolean }) {
  const of = energyView.value?.of ?? null;
  const building = of?.kind === 'building' ? of.id : null;
  const all = number(energyRun.value?.ids.size ?? 0);
  return (
    <>
      <ChoiceField
        label={t('energy.retrofit.of')}
        value={of ? `${of.kind} ${of.id}` : whole ? WHOLE : ''}
        choices={[
          ...(whole ? [{ value: WHOLE, label: t('energy.retrofit.all', { amount: all }) }] : []),
          ...(building === null
            ? []
            : [{ value: `building ${building}`, label: t('energy.retrofit.one', { id: building }) }]),
          ...blocks.value.map(({ id, buildings }) => ({
            value: `block ${id}`,
            label: t('energy.retrofit.block', { id, amount: number(buildings ?? 0) }),
          })),
        ]}
        change={(value) => {
          const [kind, ...id] = value.split(' ');
          changeEnergy({
            of: value === WHOLE ? null : { kind: kind as 'building' | 'block', id: id.join(' ') },
          });
        }}
      />
      {building !== null && (
        <button class="plain energy-open" onClick={() => (selection.value = building)}>
          <Icon name="chart" size={15} /> {t('energy.retrofit.back')}
        </button>
      )}
    </>
  );
}

export function PackageChips() {
  const chosen = energyView.value?.measures ?? [];
  return (
    <div class="energy-packages" role="group" aria-label={t('energy.packages')}>
      {packages.value.map(({ id, title, measures: ids }) => {
        const pressed = ids.length === chosen.length && ids.every((one) => chosen.includes(one));
        return (
          <button
            key={id}
            type="button"
            aria-pressed={pressed}
            onClick={() => chooseMeasures(pressed ? [] : ids)}
          >
            {capital(title[language.value])}
          </button>
        );
      })}
    </div>
  );
}

export function RetrofitProblem({ error }: { error: string | null }) {
  if (error === null) return null;
  return (
    <p class="problem" role="alert">
      {t('energy.retrofit.error', { detail: error || t('offline.title') })}
    </p>
  );
}
