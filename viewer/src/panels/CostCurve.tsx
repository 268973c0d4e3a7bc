/** What saving costs, measure by measure: a curve of money against energy, and the same as a table. */
import { useSignal } from '@preact/signals';
import { chartColours } from '../charts/look';
import type { CurveAnswer, CurveStep } from '../client/energy';
import { type CurvePoint, curveOf, reached, upTo } from '../energy/costs';
import { capital, energyText, gradeText } from '../energy/text';
import { t } from '../i18n';
import { money, moneyShort } from '../runs/text';
import { chooseMeasures } from '../state/retrofit';
import { language, theme } from '../state/store';
import { roundUp } from './MonthBars';

const WIDTH = 308;
const HEIGHT = 150;
const LEFT = 52;
const TOP = 8;
const FOOT = 18;

interface PictureProps {
  points: CurvePoint[];
  currency: string;
  /** Points that are chosen already, and the one that is read. */
  taken: number;
  at: number | null;
  read: (step: number | null) => void;
  choose: (step: number) => void;
}

function Picture({ points, currency, taken, at, read, choose }: PictureProps) {
  const [, ink] = chartColours(theme.value);
  const end = points.at(-1)!;
  const across = end.saved || 1;
  const top = roundUp(Math.max(...points.map(({ spent }) => spent)));
  const x = ({ saved }: CurvePoint) => LEFT + (saved / across) * (WIDTH - LEFT - 8);
  const y = (spent: number) => HEIGHT - (spent / top) * (HEIGHT - TOP);
  const place = (point: CurvePoint) => `${x(point).toFixed(1)},${y(point.spent).toFixed(1)}`;
  const known = points.filter((point) => point.known);
  const rest = points.slice(known.length - 1);
  const steps = points.length - 1;
  const keys = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (by !== 0) read(Math.min(steps - 1, Math.max(0, (at ?? (by > 0 ? -1 : steps)) + by)));
    else if (event.key === 'Enter' && at !== null) choose(at);
    else return;
    event.preventDefault();
  };
  return (
    <svg
      class="energy-months energy-curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT + FOOT}`}
      role="application"
      tabindex={0}
      aria-label={t('energy.costs.keys')}
      onKeyDown={keys}
      onPointerLeave={() => read(null)}
    >
      {[0, 0.5, 1].map((share) => (
        <g key={share} class="energy-grid">
          <line x1={LEFT} x2={WIDTH} y1={y(top * share)} y2={y(top * share)} />
          <text x={LEFT - 4} y={y(top * share) + 3} text-anchor="end">
            {moneyShort(top * share, currency)}
          </text>
        </g>
      ))}
      <text x={WIDTH - 8} y={HEIGHT + 13} text-anchor="end">
        {t('energy.costs.across', { saved: energyText(end.saved) })}
      </text>
      <polyline points={known.map(place).join(' ')} stroke={ink} />
      <polyline points={rest.map(place).join(' ')} stroke={ink} stroke-dasharray="2 4" />
      {points.slice(1).map((point, step) => (
        <g key={step} onPointerEnter={() => read(step)} onClick={() => choose(step)}>
          <circle
            cx={x(point)}
            cy={y(point.spent)}
            r={at === step ? 6 : 4}
            stroke={ink}
            fill={step < taken ? ink : 'var(--panel-solid)'}
          />
          <circle class="energy-hit" cx={x(point)} cy={y(point.spent)} r={12} />
        </g>
      ))}
    </svg>
  );
}

const costText = ({ cost_per_kwh: cost }: { cost_per_kwh: number | null }, currency: string) =>
  cost === null ? t('energy.costs.unknown') : money(cost, currency);

/** A measure in one line. */
function stepText(step: CurveStep, index: number, currency: string): string {
  return t('energy.costs.step', {
    place: String(index + 1),
    measure: capital(step.title[language.value]),
    saved: energyText(step.saved_final ?? 0),
    cost: costText(step, currency),
  });
}

interface Props {
  found: CurveAnswer;
  currency: string;
  /** What is ranked by now. */
  chosen: readonly string[];
}

export function CostCurve({ found, currency, chosen }: Props) {
  const at = useSignal<number | null>(null);
  const { steps } = found;
  const points = curveOf(steps);
  const taken = reached(steps, chosen);
  const choose = (step: number) => chooseMeasures(upTo(steps, step));
  const read = at.value === null ? undefined : steps[at.value];
  return (
    <>
      <Picture
        points={points}
        currency={currency}
        taken={taken}
        at={read ? at.value : null}
        read={(step) => (at.value = step)}
        choose={choose}
      />
      <p class="energy-note" aria-live="polite">
        {read ? stepText(read, at.value!, currency) : t('energy.costs.hint')}
      </p>
      <table class="energy-costs">
        <caption>{t('energy.costs.order')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('energy.costs.measure')}</th>
            <th scope="col">{t('energy.costs.saves')}</th>
            <th scope="col">{t('energy.costs.kwh')}</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step, index) => (
            <tr key={step.measure} class={index < taken ? 'taken' : undefined}>
              <th scope="row">
                <button aria-pressed={index < taken} onClick={() => choose(index)}>
                  {index + 1}. {capital(step.title[language.value])}
                  <small>
                    {[
                      step.investment === null ? '' : money(step.investment, currency),
                      step.grade_after === null ? '' : gradeText(step.grade_after),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </small>
                </button>
              </th>
              <td>{energyText(step.saved_final ?? 0)}</td>
              <td>{costText(step, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
