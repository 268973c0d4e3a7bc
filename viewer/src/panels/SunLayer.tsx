/** The sun run among the layers: what colours the surfaces, its legend, the daylight right, and the reports. */
import { useSignal } from '@preact/signals';
import { dateTime, t } from '../i18n';
import { jobs, processTitle } from '../state/runs';
import { probe } from '../state/flood';
import { pickedSensor } from '../state/sensors';
import { language, selection, sheet, sidePanel, zone } from '../state/store';
import {
  changeSun,
  hasGround,
  hideSun,
  shownQuantity,
  sunError,
  sunLoading,
  sunRun,
  type SunView,
  sunView,
} from '../state/sunRun';
import { countOf, hasPlan } from '../sunstudy/daylight';
import { Icon } from './icons';
import { ChoiceField, LayerFrame, OpacityField } from './LayerFrame';
import { SunLegend } from './SunLegend';

export function openDaylight(): void {
  selection.value = null;
  pickedSensor.value = null;
  probe.value = null;
  sheet.value = null;
  sidePanel.value = 'daylight';
}

/** The reports of the shown run, in both languages. */
export function Reports() {
  const reports = sunRun.value?.reports ?? {};
  const offered = (['ko', 'en'] as const).filter((name) => reports[name]);
  if (offered.length === 0) return null;
  return (
    <p class="sun-reports">
      {offered.map((name) => (
        <a key={name} class="plain" href={reports[name]!} download>
          <Icon name="download" size={15} /> {t(`sun.report.${name}`)}
        </a>
      ))}
    </p>
  );
}

function Rights() {
  const daylight = sunRun.value?.daylight;
  if (!daylight) return null;
  const { dwellings } = daylight;
  const filter = hasPlan(dwellings) ? 'falling' : 'failing';
  const count = countOf(dwellings, filter);
  return (
    <button class="plain" onClick={openDaylight}>
      <Icon name={count > 0 ? 'warning' : 'check'} size={15} /> {t(`daylight.open.${filter}`, { count })}
    </button>
  );
}

function Row({ view }: { view: SunView }) {
  const expanded = useSignal(true);
  const job = jobs.value.find((one) => one.jobID === view.run);
  const title = job ? processTitle(job.processID) : t('sun.title');
  const quantities = sunRun.value?.quantities ?? [];
  const quantity = shownQuantity.value;
  return (
    <LayerFrame
      title={title}
      visible={view.visible}
      toggle={() => changeSun({ visible: !view.visible })}
      state={
        sunLoading.value ? t('layers.loading') : job?.created && dateTime(Date.parse(job.created), zone.value)
      }
      expanded={expanded}
      below={
        sunError.value !== null && (
          <p class="layer-trouble problem" role="alert">
            {t('sun.error', { detail: sunError.value || t('offline.title') })}
          </p>
        )
      }
    >
      {quantity && (
        <>
          <ChoiceField
            label={t('sun.quantity')}
            value={quantity.property}
            choices={quantities.map((one) => ({ value: one.property, label: one.title[language.value] }))}
            change={(property) => changeSun({ property })}
          />
          <SunLegend quantity={quantity} />
          {hasGround.value && (
            <label class="check">
              <input
                type="checkbox"
                checked={view.ground}
                onChange={(event) => changeSun({ ground: event.currentTarget.checked })}
              />
              <span>{t('sun.ground')}</span>
            </label>
          )}
          <p class="quiet">{t('sun.click')}</p>
          <OpacityField title={title} opacity={view.opacity} change={(opacity) => changeSun({ opacity })} />
        </>
      )}
      <Rights />
      <Reports />
      <button class="plain" onClick={hideSun}>
        <Icon name="close" size={15} /> {t('flood.remove')}
      </button>
    </LayerFrame>
  );
}

export function SunLayer() {
  const view = sunView.value;
  if (!view) return null;
  return (
    <section>
      <h3>{t('sun.group')}</h3>
      <Row view={view} />
    </section>
  );
}
