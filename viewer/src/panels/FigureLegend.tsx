/** The legend of a figure that colours a flood's water: grades with their limits, or a ramp with its stops. */
import { type Figure, legendColours } from '../flood/figures';
import { number, t, withUnit } from '../i18n';
import { clockOf } from '../runs/text';
import { language } from '../state/store';
import { Swatches } from './Swatches';

/** A figure's value with its unit; times as a clock, grades in words. */
export function figureText({ legend }: Figure, value: number, whole: number): string {
  if (Number.isNaN(value)) return t('common.none');
  return legend.unit === 's' ? clockOf(value, whole) : withUnit(number(value, 2), legend.unit);
}

export function FigureLegend({ figure }: { figure: Figure }) {
  const { legend } = figure;
  const { classes, stops = [], unit } = legend;
  const whole = stops.at(-1) ?? 0;
  const colours = legendColours(figure);
  const stopText = (stop: number) => (unit === 's' ? clockOf(stop, whole) : number(stop));
  return (
    <figure class="legend">
      <figcaption>
        {withUnit(legend.title[language.value], unit && unit !== 's' ? `[${unit}]` : '')}
      </figcaption>
      {classes ? (
        <Swatches
          items={classes.map(({ from, title }, index) => ({
            colour: colours[index]!,
            label: `${title[language.value]} (${rangeText(from, classes[index + 1]?.from)})`,
          }))}
        />
      ) : (
        <>
          <div class="ramp" style={{ background: `linear-gradient(to right, ${colours.join(', ')})` }} />
          <div class="ramp-ends">
            {stops.map((stop) => (
              <span key={stop}>{stopText(stop)}</span>
            ))}
          </div>
        </>
      )}
    </figure>
  );
}

const rangeText = (from: number, to: number | undefined) =>
  to === undefined
    ? t('flood.class.from', { from: number(from) })
    : t('flood.class.range', { from: number(from), to: number(to) });
