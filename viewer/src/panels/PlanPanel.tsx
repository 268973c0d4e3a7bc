/** The panel of a planned building: its measures, the date, how its effect is shown, and who loses how much sun. */
import { useEffect } from 'preact/hooks';
import { placeBox } from '../cesium/planTools';
import { stage } from '../cesium/open';
import { planPaint } from '../cesium/surfaces';
import { number, squareMetres, t, withUnit } from '../i18n';
import { toggleTool } from '../state/actions';
import {
  changePlan,
  type Compare,
  compare,
  COMPARES,
  dropPlan,
  plan,
  planBusy,
  planError,
  prepare,
  splitAt,
  whatIf,
} from '../state/plan';
import { tool } from '../state/store';
import { areaOf, directionOf, HEIGHT_LIMITS, moved, type Plan, raised, turned } from '../sunstudy/plan';
import { FactList } from './FactList';
import { Icon } from './icons';
import { Neighbours } from './Neighbours';
import { PlanScenarios } from './PlanScenarios';
import { SideFrame, sideShown, toggleSide } from './SideFrame';
import { SunDate } from './SunDate';
import { SunLegend } from './SunLegend';

export const planShown = () => sideShown('plan');

/** Opens the panel, and without a plan the tool that draws one. */
export function togglePlan(): void {
  toggleSide('plan', planShown());
  tool.value = null;
}

function Start() {
  return (
    <>
      <p class="quiet">{t('plan.start')}</p>
      <div class="run-actions">
        <button class="accent-button" aria-pressed={tool.value === 'plan'} onClick={() => toggleTool('plan')}>
          <Icon name="area" size={16} /> {t('plan.draw')}
        </button>
        <button class="plain" onClick={() => stage.value && placeBox(stage.value)}>
          <Icon name="cube" size={16} /> {t('plan.box')}
        </button>
      </div>
    </>
  );
}

const WAYS = [
  ['plan.west', -1, 0],
  ['plan.north', 0, 1],
  ['plan.south', 0, -1],
  ['plan.east', 1, 0],
] as const;

function Measures({ now }: { now: Plan }) {
  const direction = Math.round(directionOf(now.footprint));
  const [least, most] = HEIGHT_LIMITS;
  return (
    <>
      <label class="field">
        <span>{t('plan.height')}</span>
        <span class="with-unit">
          <input
            type="number"
            min={least}
            max={most}
            step="1"
            value={now.height}
            onChange={(event) => {
              const height = event.currentTarget.valueAsNumber;
              if (Number.isFinite(height)) changePlan((one) => raised(one, height));
            }}
          />
          <span>{withUnit('', 'm').trim()}</span>
        </span>
      </label>
      <label class="field">
        <span>{t('plan.direction')}</span>
        <span class="with-unit">
          <input
            type="number"
            min="0"
            max="180"
            step="5"
            value={direction}
            onChange={(event) => {
              const wanted = event.currentTarget.valueAsNumber;
              if (Number.isFinite(wanted))
                changePlan((one) => turned(one, wanted - directionOf(one.footprint)));
            }}
          />
          <span>{'°'}</span>
        </span>
      </label>
      <div class="field" role="group" aria-label={t('plan.move')}>
        <span>{t('plan.move')}</span>
        <span class="plan-ways">
          {WAYS.map(([key, east, north]) => (
            <button
              key={key}
              class="round small"
              aria-label={t(key)}
              title={t(key)}
              onClick={(event) => {
                const metres = event.shiftKey ? 10 : 1;
                changePlan((one) => moved(one, east * metres, north * metres));
              }}
            >
              {north !== 0 ? (north > 0 ? '↑' : '↓') : east > 0 ? '→' : '←'}
            </button>
          ))}
        </span>
      </div>
      <FactList as="figures" facts={[[t('plan.area'), squareMetres(areaOf(now.footprint))]]} />
    </>
  );
}

function Comparison() {
  const paint = planPaint.value;
  return (
    <>
      <fieldset class="sun-dates">
        <legend>{t('plan.compare')}</legend>
        <div class="choices">
          {COMPARES.map((one: Compare) => (
            <label key={one}>
              <input
                type="radio"
                name="plan-compare"
                checked={compare.value === one}
                onChange={() => (compare.value = one)}
              />
              <span>{t(`plan.compare.${one}`)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {compare.value === 'split' && (
        <label class="field">
          <span>{t('plan.split')}</span>
          <input
            type="range"
            min="5"
            max="95"
            value={Math.round(splitAt.value * 100)}
            onInput={(event) => (splitAt.value = event.currentTarget.valueAsNumber / 100)}
          />
        </label>
      )}
      {paint && <SunLegend quantity={paint.quantity} />}
    </>
  );
}

function State() {
  const found = whatIf.value;
  return (
    <p class="plan-state" role="status">
      {planError.value !== null ? (
        <span class="problem">{t('plan.error', { detail: planError.value || t('offline.title') })}</span>
      ) : planBusy.value ? (
        t('plan.busy')
      ) : (
        found && t('plan.took', { seconds: number(found.seconds, 2) })
      )}
    </p>
  );
}

function Actions({ now }: { now: Plan }) {
  return (
    <div class="run-actions">
      <button class="plain" aria-pressed={tool.value === 'raze'} onClick={() => toggleTool('raze')}>
        <Icon name="eyeOff" size={15} />
        {now.removed.length > 0 ? t('plan.raze.count', { count: now.removed.length }) : t('plan.raze')}
      </button>
      <button class="plain" onClick={dropPlan}>
        <Icon name="close" size={15} /> {t('plan.delete')}
      </button>
    </div>
  );
}

function Body() {
  useEffect(() => {
    const home = stage.value?.city.home;
    if (home) prepare(home.lon, home.lat);
  }, []);
  const now = plan.value;
  return (
    <SideFrame name="plan" title={t('plan.title')}>
      {now ? (
        <>
          <Measures now={now} />
          <SunDate />
          <State />
          {whatIf.value && (
            <>
              <Comparison />
              <Neighbours affected={whatIf.value.affected} />
            </>
          )}
          <Actions now={now} />
        </>
      ) : (
        <Start />
      )}
      <PlanScenarios />
    </SideFrame>
  );
}

export function PlanPanel() {
  return planShown() ? <Body /> : null;
}
