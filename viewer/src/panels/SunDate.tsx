/** The date of sun paths and plans: a solstice, the equinox, today, or another. */
import { t } from '../i18n';
import { chosenDate, dateOf, SUN_DAYS, type SunDay, sunDate } from '../state/sunPath';

export function SunDate() {
  const date = sunDate();
  const named = SUN_DAYS.find((day) => dateOf(day) === date);
  return (
    <div class="field sun-date" role="group" aria-label={t('sun.date')}>
      <span>{t('sun.date')}</span>
      <select
        aria-label={t('sun.date')}
        value={named ?? ''}
        onChange={(event) => {
          const day = event.currentTarget.value;
          if (day) chosenDate.value = dateOf(day as SunDay);
        }}
      >
        {SUN_DAYS.map((day) => (
          <option key={day} value={day}>
            {t(`sun.day.${day}`)}
          </option>
        ))}
        {!named && <option value="">{t('sun.date.other')}</option>}
      </select>
      <input
        type="date"
        aria-label={t('sun.date.other')}
        value={date}
        onChange={(event) => {
          if (event.currentTarget.value) chosenDate.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}
