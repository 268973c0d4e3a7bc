/** A grade as a badge, with the self-sufficiency that it follows from and how far it is to the next. */
import { gradeColour, gradeInk } from '../energy/colours';
import { nextGrade } from '../energy/grades';
import { gradeText, percent } from '../energy/text';
import { t } from '../i18n';

export function GradeMark({ grade }: { grade: number | null }) {
  return (
    <b class="energy-mark" style={{ background: gradeColour(grade), color: gradeInk(grade) }}>
      {gradeText(grade)}
    </b>
  );
}

interface Props {
  grade: number | null;
  /** Of primary energy [1]. */
  share: number | null;
  scheme: string;
}

export function GradeBadge({ grade, share, scheme }: Props) {
  const next = nextGrade(scheme, share);
  return (
    <div class="energy-badge">
      <GradeMark grade={grade} />
      <span>
        {share !== null && <b>{t('energy.self', { share: percent(share) })}</b>}
        <small>
          {next
            ? t('energy.next', { missing: percent(next.missing, 1), grade: gradeText(next.grade) })
            : share !== null && t('energy.best')}
        </small>
      </span>
    </div>
  );
}
