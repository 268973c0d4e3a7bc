/** The energy run among the layers: what colours the buildings, its legend, and the way to district and retrofit. */
import { useSignal } from '@preact/signals';
import { capital } from '../energy/text';
import { dateTime, t } from '../i18n';
import {
  colouredBy,
  colourByEnergy,
  energyError,
  energyLoading,
  energyProperty,
  energyRun,
  type EnergyView,
  energyView,
  hideEnergy,
} from '../state/energy';
import { jobs, processTitle } from '../state/runs';
import { language, zone } from '../state/store';
import { EnergyLegend } from './EnergyLegend';
import { Icon } from './icons';
import { ChoiceField, LayerFrame } from './LayerFrame';
import { openSide } from './SideFrame';

function Row({ view }: { view: EnergyView }) {
  const expanded = useSignal(true);
  const job = jobs.value.find((one) => one.jobID === view.run);
  const property = energyProperty.value;
  const visible = colouredBy.value !== null;
  return (
    <LayerFrame
      title={job ? processTitle(job.processID) : t('energy.title')}
      visible={visible}
      toggle={() => colourByEnergy(visible ? null : (property?.id ?? null))}
      state={
        energyLoading.value
          ? t('layers.loading')
          : job?.created && dateTime(Date.parse(job.created), zone.value)
      }
      expanded={expanded}
      below={
        energyError.value !== null && (
          <p class="layer-trouble problem" role="alert">
            {t('energy.error', { detail: energyError.value || t('offline.title') })}
          </p>
        )
      }
    >
      {property && (
        <>
          <ChoiceField
            label={t('energy.shown')}
            value={property.id}
            choices={(energyRun.value?.properties ?? []).map(({ id, title }) => ({
              value: id,
              label: capital(title[language.value]),
            }))}
            change={colourByEnergy}
          />
          <EnergyLegend property={property} />
          <p class="quiet">{t('energy.click')}</p>
          <button class="plain" onClick={() => openSide('district')}>
            <Icon name="chart" size={15} /> {t('energy.district')}
          </button>
          <button class="plain" onClick={() => openSide('retrofit')}>
            <Icon name="plan" size={15} /> {t('energy.retrofit')}
          </button>
          <button class="plain" onClick={() => openSide('costs')}>
            <Icon name="chart" size={15} /> {t('energy.costs')}
          </button>
        </>
      )}
      <button class="plain" onClick={hideEnergy}>
        <Icon name="close" size={15} /> {t('flood.remove')}
      </button>
    </LayerFrame>
  );
}

export function EnergyLayer() {
  const view = energyView.value;
  if (!view) return null;
  return (
    <section class="energy-layer">
      <h3>{t('energy.group')}</h3>
      <Row view={view} />
    </section>
  );
}
