/** The warnings of the shown run in the layer list: how grave, where, and the ways to shelters. */
import { useSignal } from '@preact/signals';
import { flyToPlace } from '../cesium/camera';
import { stage } from '../cesium/open';
import { type Basin, levelColour, type Warnings, warned } from '../flood/warnings';
import { dateTime, number, t, withUnit } from '../i18n';
import { language, selection, zone } from '../state/store';
import { pickedSensor } from '../state/sensors';
import { changeFlood } from '../state/flood';
import { basinsShown, pickBasin, routesShown, warnings } from '../state/warnings';
import { Icon } from './icons';
import { Swatches } from './Swatches';

const FIRST = 6;
const BASIN_RANGE = 420;

export function levelText(found: Warnings, level: number): string {
  const known = found.file.levels.find((one) => one.level === level);
  return known
    ? known.name[language.value]
    : t(level === 0 ? 'warnings.level.none' : 'warnings.level.unknown');
}

/** A depth with its error, if that is known, rounded up to the centimetre. */
export function depthText(depth: number | null, error: number | null | undefined): string {
  if (depth === null) return t('common.none');
  const shown = withUnit(number(depth, 2), 'm');
  const up = Math.ceil((error ?? 0) * 100) / 100;
  return error == null ? shown : t('warnings.error', { depth: shown, error: withUnit(number(up, 2), 'm') });
}

function goTo(basin: Basin): void {
  selection.value = null;
  pickedSensor.value = null;
  pickBasin(basin);
  const here = stage.value;
  if (!here || !basin.point) return;
  flyToPlace(here, ...basin.point, here.city.home.height, BASIN_RANGE);
}

function Item({ found, basin }: { found: Warnings; basin: Basin }) {
  return (
    <li>
      <button class="plain warning-item" onClick={() => goTo(basin)}>
        <span class="swatch" style={{ background: levelColour(basin.level) }} />
        <span>
          {t('warnings.basin', { number: String(basin.basin) })} · <b>{levelText(found, basin.level)}</b>
        </span>
        <small>{depthText(basin.depth, basin.error)}</small>
      </button>
    </li>
  );
}

function List({ found }: { found: Warnings }) {
  const all = useSignal(false);
  const graves = warned(found.basins);
  if (graves.length === 0) return <p class="quiet">{t('warnings.calm')}</p>;
  return (
    <>
      <ul class="warning-list" aria-label={t('warnings.list', { count: graves.length })}>
        {graves.slice(0, all.value ? undefined : FIRST).map((basin) => (
          <Item key={basin.basin} found={found} basin={basin} />
        ))}
      </ul>
      {graves.length > FIRST && (
        <button class="plain" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? t('warnings.fewer') : t('warnings.more', { count: graves.length - FIRST })}
        </button>
      )}
    </>
  );
}

function Beyond({ found }: { found: Warnings }) {
  const beyond = Object.keys(found.file.library?.beyond ?? {});
  if (beyond.length === 0) return null;
  return (
    <p class="problem" role="alert">
      {t('warnings.beyond')}
    </p>
  );
}

function Ways({ found }: { found: Warnings }) {
  const { routes, file } = found;
  if (routes.length === 0 && file.without_way.length === 0) return null;
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={routesShown.value}
          onChange={(event) => changeFlood({ routes: event.currentTarget.checked })}
        />
        <span>{t('warnings.routes', { count: routes.length })}</span>
      </label>
      {file.without_way.length > 0 && (
        <p class="problem">
          <Icon name="warning" size={15} /> {t('warnings.without', { count: file.without_way.length })}
        </p>
      )}
    </>
  );
}

export function WarningLayer() {
  const found = warnings.value;
  if (!found) return null;
  const { levels, forecast, issued, until } = found.file;
  return (
    <section class="warnings" aria-label={t('warnings.title')}>
      <label class="check">
        <input
          type="checkbox"
          checked={basinsShown.value}
          onChange={(event) => changeFlood({ basins: event.currentTarget.checked })}
        />
        <span>{t('warnings.title')}</span>
      </label>
      {forecast && issued && until && (
        <p class="quiet">
          {t('warnings.forecast', {
            rain: withUnit(number(forecast.amount, 0), 'mm'),
            rise: withUnit(number(forecast.stream_rise, 2), 'm'),
            issued: dateTime(Date.parse(issued), zone.value),
            until: dateTime(Date.parse(until), zone.value),
          })}
        </p>
      )}
      <Beyond found={found} />
      <figure class="legend">
        <figcaption>{t('warnings.legend')}</figcaption>
        <Swatches
          items={levels.map(({ level, depth, name }) => ({
            colour: levelColour(level),
            label: t('warnings.from', { name: name[language.value], depth: withUnit(number(depth), 'm') }),
          }))}
        />
      </figure>
      <List found={found} />
      <Ways found={found} />
    </section>
  );
}
