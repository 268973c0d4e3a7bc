/** Readings that the checks have flagged, newest first. */
import { getFlagged } from '../client/readings';
import type { FlaggedReading } from '../client/sensorTypes';
import { dateTime, t } from '../i18n';
import { flagTerm, readingText } from '../i18n/readings';
import { addToChart } from '../state/charts';
import { crowd, pickSensor } from '../state/sensors';
import { zone } from '../state/store';
import { ListState, useListed } from './DeviceList';
import { Icon } from './icons';

function Item({ reading }: { reading: FlaggedReading }) {
  return (
    <li class="flagged">
      <button
        class="sensor-line"
        onClick={() => {
          crowd.value = [];
          pickSensor(reading.thing);
        }}
      >
        <Icon name="flag" size={17} />
        <span>
          {reading.name}
          <small>
            <b>{readingText('', reading.value, reading.unit)}</b> {dateTime(reading.time, zone.value)}
          </small>
          <small>{reading.flags.map(flagTerm).join(', ')}</small>
        </span>
      </button>
      <button
        class="round small"
        aria-label={t('charts.add', { series: reading.name })}
        title={t('charts.add', { series: reading.name })}
        onClick={() => addToChart(reading.datastream)}
      >
        <Icon name="chart" size={16} />
      </button>
    </li>
  );
}

export function QualityList() {
  const { items, failure } = useListed(getFlagged);
  const found = items.value ?? [];
  const empty = items.value === null ? t('inspector.loading') : found.length === 0 ? t('quality.none') : null;
  return (
    <>
      <ListState failure={failure.value} empty={empty} />
      <ul class="object-sensors">
        {found.map((reading) => (
          <Item key={reading.id} reading={reading} />
        ))}
      </ul>
    </>
  );
}
