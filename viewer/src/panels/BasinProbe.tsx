/** The clicked sub-basin: how deep the water is expected to be there, how sure that is, and its level. */
import { number, squareMetres, t } from '../i18n';
import { floodView } from '../state/flood';
import { pickedSensor } from '../state/sensors';
import { selection } from '../state/store';
import { pickedBasin, warnings } from '../state/warnings';
import { type Fact, ProbePanel } from './ProbePanel';
import { depthText, levelText } from './WarningLayer';

export function BasinProbe() {
  const [basin, found] = [pickedBasin.value, warnings.value];
  if (!basin || !found || !floodView.value?.visible) return null;
  if (selection.value !== null || pickedSensor.value !== null) return null;
  const facts: Fact[] = [
    [t('warnings.level'), levelText(found, basin.level)],
    [t('warnings.depth'), depthText(basin.depth, basin.error)],
    [t('warnings.area'), squareMetres(basin.area)],
  ];
  const place = basin.point ? `${number(basin.point[1], 5)}, ${number(basin.point[0], 5)}` : '';
  return (
    <ProbePanel title={t('warnings.basin', { number: String(basin.basin) })} place={place} facts={facts}>
      <p class="quiet">{t(basin.error === null ? 'warnings.simulated' : 'warnings.answered')}</p>
    </ProbePanel>
  );
}
