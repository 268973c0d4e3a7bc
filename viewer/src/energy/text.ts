/** Figures of energy as text. */
import { type Key, number, t, withUnit } from '../i18n';
import { en } from '../i18n/en';

/** A unit as people write it; what is by area is of a year. */
export function energyUnit(unit: string): string {
  if (unit === '1' || unit === 'a') return '';
  const whole = unit.replace('kW.h', 'kWh');
  return /^\w+\/m2$/.test(whole) ? `${whole.slice(0, -2)}(m²·a)` : whole;
}

export const percent = (share: number, digits = 0) =>
  t('energy.percent', { share: number(share * 100, digits) });

/** A value of a property as text, without its unit. */
export function valueText(property: { id: string; unit: string }, value: number): string {
  if (property.id === 'self_sufficiency' || property.id === 'window_share') return percent(value);
  if (property.unit === 'a') return String(Math.round(value));
  return number(value);
}

/** A title of the server as the beginning of a line. */
export const capital = (title: string) => title.charAt(0).toUpperCase() + title.slice(1);

/** Energy of a year with a unit that keeps the number short. */
export function energyText(kilowattHours: number): string {
  return Math.abs(kilowattHours) >= 1e6
    ? withUnit(number(kilowattHours / 1e6, 2), 'GWh')
    : Math.abs(kilowattHours) >= 1e4
      ? withUnit(number(kilowattHours / 1e3, 1), 'MWh')
      : withUnit(number(kilowattHours, 0), 'kWh');
}

/** Mass of a year. */
export const massText = (kilograms: number) =>
  Math.abs(kilograms) >= 1e4
    ? withUnit(number(kilograms / 1e3, 1), 't')
    : withUnit(number(kilograms, 0), 'kg');

export const gradeText = (grade: number | string | null) =>
  grade === null ? t('energy.grade.none') : t('energy.grade', { grade: String(grade) });

/** The reader's word for a name of the model, or the name itself. */
export function word(
  kind: 'figure' | 'origin' | 'part' | 'towards' | 'carrier' | 'use',
  name: string,
): string {
  const key = `energy.${kind}.${name}`;
  return key in en ? t(key as Key) : name;
}
