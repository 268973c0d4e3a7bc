/** The daylight right of the shown run's dwellings: before and after a plan, the gravest first. */
import { signal } from '@preact/signals';
import { flyToPlace } from '../cesium/camera';
import { stage } from '../cesium/open';
import { askSun } from '../cesium/sunSpot';
import type { Dwelling, DwellingLight } from '../client/sun';
import { dateText, number, t, withUnit } from '../i18n';
import { language, zone } from '../state/store';
import { chosenDate } from '../state/sunPath';
import { sunRun } from '../state/sunRun';
import { countOf, type DaylightFilter, hasPlan, lightAfter, lightBefore, listed } from '../sunstudy/daylight';
import { Icon } from './icons';
import { ChoiceField } from './LayerFrame';
import { SideFrame, sideShown } from './SideFrame';
import { Reports } from './SunLayer';

const MOST_SHOWN = 100;
const RANGE = 120;
const filter = signal<DaylightFilter>('all');

function lightText({ total, spell, sky }: DwellingLight): string {
  if (sky !== undefined) return t('daylight.sky', { share: number(sky, 1) });
  const hours = (value: number | undefined) =>
    value === undefined ? t('common.none') : withUnit(number(value, 1), 'h');
  return t('daylight.light', { total: hours(total), spell: hours(spell) });
}

function goTo({ position, building, azimuth }: Dwelling, date: string): void {
  if (!position) return;
  chosenDate.value = date;
  const [longitude, latitude, height] = position;
  askSun({ longitude, latitude, height, azimuth, tilt: 90 }, { building, value: null, quantity: null });
  if (stage.value) flyToPlace(stage.value, ...position, RANGE);
}

function Item({ dwelling, date, planned }: { dwelling: Dwelling; date: string; planned: boolean }) {
  const after = lightAfter(dwelling);
  const state = dwelling.falls_because_of_plan ? 'falls' : after.passes ? 'passes' : 'fails';
  return (
    <li>
      <button class={`sensor-line dwelling ${state}`} onClick={() => goTo(dwelling, date)}>
        <Icon name={after.passes ? 'check' : 'warning'} size={17} />
        <span>
          {t('daylight.dwelling', { building: dwelling.building, storey: String(dwelling.storey) })}
          <small>
            <b>{t(`daylight.state.${state}`)}</b>
            {' · '}
            {t('daylight.facing', { azimuth: number(dwelling.azimuth, 0) })}
          </small>
          {planned && <small>{t('daylight.before', { light: lightText(lightBefore(dwelling)) })}</small>}
          <small>{planned ? t('daylight.after', { light: lightText(after) }) : lightText(after)}</small>
        </span>
      </button>
    </li>
  );
}

function Body() {
  const found = sunRun.value?.daylight;
  const dwellings = found?.dwellings ?? [];
  const planned = hasPlan(dwellings);
  const shown = listed(dwellings, filter.value);
  const filters: DaylightFilter[] = planned ? ['all', 'failing', 'falling'] : ['all', 'failing'];
  const source = found?.rule.source?.[language.value];
  return (
    <SideFrame name="daylight" title={t('daylight.title')}>
      {!found && <p class="quiet">{t('daylight.none')}</p>}
      {found && (
        <>
          <p>
            {found.rule.title[language.value]}
            <small class="daylight-rule">
              {dateText(found.date, zone.value)}
              {source && ` · ${source}`}
              {found.rule.date && ` · ${dateText(found.rule.date, zone.value)}`}
            </small>
          </p>
          <ChoiceField<DaylightFilter>
            label={t('daylight.filter')}
            value={filter.value}
            choices={filters.map((value) => ({
              value,
              label: t('daylight.count', {
                name: t(`daylight.filter.${value}`),
                amount: number(countOf(dwellings, value)),
              }),
            }))}
            change={(value) => (filter.value = value)}
          />
          <Reports />
          {shown.length === 0 && <p class="quiet">{t('daylight.empty')}</p>}
          <ul class="object-sensors">
            {shown.slice(0, MOST_SHOWN).map((dwelling, index) => (
              <Item key={index} dwelling={dwelling} date={found.date} planned={planned} />
            ))}
          </ul>
          {shown.length > MOST_SHOWN && (
            <p class="quiet">
              {t('daylight.most', { shown: number(MOST_SHOWN), all: number(shown.length) })}
            </p>
          )}
        </>
      )}
    </SideFrame>
  );
}

export function DaylightList() {
  return sideShown('daylight') ? <Body /> : null;
}
