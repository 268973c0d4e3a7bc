/** The sun over the clicked place on a day: its way past what stands before it, the hours, and the spells. */
import { type SunPath } from '../client/sun';
import { clockTime, number, t, withUnit } from '../i18n';
import { probe, type SunSpot as Spot } from '../state/flood';
import { showTime } from '../state/actions';
import { pickedSensor } from '../state/sensors';
import { language, selection, zone } from '../state/store';
import { sunPath, sunPathError } from '../state/sunPath';
import { spellsOf } from '../sunstudy/path';
import { Icon } from './icons';
import { type Fact, placeText, ProbePanel } from './ProbePanel';
import { SunChart } from './SunChart';
import { SunDate } from './SunDate';
import { unitOf } from './SunLegend';

const hours = (value: number) => withUnit(number(value, 2), 'h');
const clock = (time: string | null) =>
  time === null ? t('common.none') : clockTime(Date.parse(time), zone.value);

function Spells({ path }: { path: SunPath }) {
  const spells = spellsOf(path);
  if (spells.length === 0) return <p class="quiet">{t('sun.spells.none')}</p>;
  return (
    <ul class="sun-spells" aria-label={t('sun.spells')}>
      {spells.map(([from, to]) => (
        <li key={from}>
          <button class="plain" title={t('sun.spell.show')} onClick={() => showTime((from + to) / 2)}>
            <Icon name="sun" size={15} />
            {t('sun.spell', { from: clockTime(from, zone.value), to: clockTime(to, zone.value) })}
          </button>
          <small>{hours((to - from) / 3_600_000)}</small>
        </li>
      ))}
    </ul>
  );
}

function Body({ at }: { at: Spot & { longitude: number; latitude: number } }) {
  const path = sunPath.value;
  const facts: Fact[] = path
    ? [
        [t('sun.hours'), hours(path.hours)],
        [t('sun.longest'), hours(path.longest_spell)],
        [t('sun.rise'), t('sun.spell', { from: clock(path.sunrise), to: clock(path.sunset) })],
      ]
    : [];
  if (at.value) {
    const amount = at.value.amount;
    facts.push([
      t('sun.run.value', { title: at.value.title[language.value] }),
      amount === null ? t('legend.nodata') : withUnit(number(amount), unitOf(at.value.unit)),
    ]);
  }
  return (
    <ProbePanel title={t('sun.spot')} place={placeText(at)} facts={facts}>
      {path && (
        <SunChart
          path={path}
          label={t('sun.chart', { hours: hours(path.hours), longest: hours(path.longest_spell) })}
        />
      )}
      {path && (
        <p class="sun-key">
          <span class="sun-key-lit">{t('sun.key.lit')}</span>
          <span class="sun-key-shaded">{t('sun.key.shaded')}</span>
          <span class="sun-key-horizon">{t('sun.key.horizon')}</span>
        </p>
      )}
      {sunPathError.value !== null ? (
        <p class="problem" role="alert">
          {t('sun.path.error', { detail: sunPathError.value || t('offline.title') })}
        </p>
      ) : (
        !path && <p class="quiet">{t('layers.loading')}</p>
      )}
      <SunDate />
      {path && <Spells path={path} />}
      {at.building && (
        <button
          class="plain"
          onClick={() => {
            probe.value = null;
            selection.value = at.building;
          }}
        >
          <Icon name="cube" size={15} /> {t('sun.building')}
        </button>
      )}
    </ProbePanel>
  );
}

export function SunSpot() {
  const at = probe.value;
  if (at?.kind !== 'sun') return null;
  if (selection.value !== null || pickedSensor.value !== null) return null;
  return <Body at={at} />;
}
