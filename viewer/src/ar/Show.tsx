/** What stands over the picture: where one is and how well that is known, the way to the nearest, the reticle. */
import { metres, number, t } from '../i18n';
import { duration } from '../i18n/readings';
import { Icon } from '../panels/icons';
import { findNearest, turnNorth } from './actions';
import {
  about,
  assets,
  fallback,
  headingError,
  loading,
  look,
  mode,
  outside,
  position,
  problem,
  way,
} from './state';
import { accuracyWord, HEADING_ERROR } from './sure';
import { firstHeading, windOf } from './turn';
import { RADIUS } from './view';

/** Of a press on "walk" [m]. */
const STRIDE = 3;

function Place() {
  const at = position.value;
  if (!at) return null;
  if (at.source !== 'device') return <span>{t(`ar.place.${at.source}`)}</span>;
  return (
    <span>
      {t('ar.place.device', { radius: metres(Math.round(at.accuracy)) })} — {t(accuracyWord(at.accuracy))}
    </span>
  );
}

/** What is told over the picture: of the pose, and of a way. */
export function Told({ stand }: { stand: () => void }) {
  return (
    <div class="told">
      <Status stand={stand} />
      <WayNote />
    </div>
  );
}

/** In words: the mode, the position, what was fetched. */
function Status({ stand }: { stand: () => void }) {
  const { heading } = look.value;
  const found = about.value;
  const why = problem.value ?? (found?.empty ? t('ar.empty', { radius: metres(RADIUS) }) : null);
  const noNorth = mode.value === 'camera' && (headingError.value ?? 0) > 3 * HEADING_ERROR;
  return (
    <div class="status panel" role="status">
      <p>
        <b>{t(`ar.mode.${mode.value}`)}</b> · <Place />
      </p>
      <p class="quiet" aria-live="off">
        {t('ar.facing', {
          wind: t(`ar.wind.${windOf(heading)}`),
          degrees: String(Math.round(heading) % 360),
        })}
        {found && <> · {t('ar.objects', { count: found.features })}</>}
        {found && found.leftOut > 0 && <> ({t('ar.left', { count: found.leftOut })})</>}
        {loading.value && <> · {t('ar.loading')}</>}
      </p>
      {fallback.value && mode.value === 'street' && <p class="quiet">{t(fallback.value)}</p>}
      {noNorth && <p>{t('ar.north.unknown')}</p>}
      {why && <p class="problem">{why}</p>}
      {outside.value && (
        <p class="problem">
          {t('ar.outside')}{' '}
          <button class="plain" onClick={stand}>
            {t('ar.stand')}
          </button>
        </p>
      )}
    </div>
  );
}

function WayNote() {
  const answer = way.value;
  if (!answer) return null;
  const told = answer.way?.properties;
  const values = {
    name: answer.found?.name ?? '',
    length: metres(Math.round(told?.length ?? answer.found?.distance ?? 0)),
    time: duration(told?.time ?? 0),
    wind: t(`ar.wind.${windOf(firstHeading(answer.way?.geometry.coordinates ?? []))}`),
  };
  const passed = answer.passed_over.length;
  return (
    <div class="way-note panel" role="status">
      <p>
        {answer.found
          ? t(told?.kind === 'walk' ? 'ar.nearest.way' : 'ar.nearest.straight', values)
          : (answer.why ?? t('ar.nearest.none'))}
        {passed > 0 && <small> {t('ar.nearest.passed', { count: passed })}</small>}
      </p>
      <button class="round small" aria-label={t('ar.nearest.clear')} onClick={() => (way.value = null)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function Nearest() {
  if (assets.value.length === 0) return null;
  return (
    <label class="nearest">
      <span class="unseen">{t('ar.nearest')}</span>
      <select
        value=""
        onChange={(event) => {
          const { value } = event.currentTarget;
          event.currentTarget.value = '';
          if (value) void findNearest(value);
        }}
      >
        <option value="">{t('ar.nearest.choose')}</option>
        {assets.value.map(({ asset, name, count }) => (
          <option key={asset} value={asset}>
            {name} ({number(count)})
          </option>
        ))}
      </select>
    </label>
  );
}

function North() {
  if (mode.value === 'street') return null;
  return (
    <div class="north" role="group" aria-label={t('ar.north')}>
      <button class="round" aria-label={t('ar.north.left')} onClick={() => turnNorth(1)}>
        <Icon name="chevron" />
      </button>
      <button class="round" aria-label={t('ar.north.right')} onClick={() => turnNorth(-1)}>
        <Icon name="chevron" />
      </button>
    </div>
  );
}

/** Some steps, for fingers; keys have W and S. */
function Walk({ walk }: { walk: (metres: number) => void }) {
  if (mode.value !== 'street') return null;
  return (
    <div class="walk" role="group" aria-label={t('ar.walk')}>
      <button class="round" aria-label={t('ar.walk.back')} onClick={() => walk(-STRIDE)}>
        <Icon name="chevron" />
      </button>
      <button class="round" aria-label={t('ar.walk.forward')} onClick={() => walk(STRIDE)}>
        <Icon name="chevron" />
      </button>
    </div>
  );
}

interface ControlsProps {
  middle: () => void;
  back: () => void;
  walk: (metres: number) => void;
}

export function Controls({ middle, back, walk }: ControlsProps) {
  return (
    <div class="controls">
      <div class="bar panel">
        <button class="round" aria-label={t('ar.back')} title={t('ar.back')} onClick={back}>
          <Icon name="layers" />
        </button>
        <Nearest />
        <North />
        <Walk walk={walk} />
        <button class="primary" onClick={middle}>
          <Icon name="target" /> {t('ar.middle')}
        </button>
      </div>
    </div>
  );
}
