/**
 * Grades of zero-energy buildings by self-sufficiency in primary energy. Least shares [1], the best grade first, as
 * in the schemes of `analysis/data/energy/zeb_grades.csv`, which has their sources; a test compares the two.
 */
interface Step {
  grade: string;
  from: number;
}

export const SCHEMES: Record<string, readonly Step[]> = {
  'kr-zeb-2017': [
    { grade: '1', from: 1 },
    { grade: '2', from: 0.8 },
    { grade: '3', from: 0.6 },
    { grade: '4', from: 0.4 },
    { grade: '5', from: 0.2 },
  ],
  'kr-zeb-2025': [
    { grade: '1+', from: 1.2 },
    { grade: '1', from: 1 },
    { grade: '2', from: 0.8 },
    { grade: '3', from: 0.6 },
    { grade: '4', from: 0.4 },
    { grade: '5', from: 0.2 },
  ],
};

/** The next better grade than a share has, and what is missing [1]; null at the best, or of an unknown scheme. */
export function nextGrade(scheme: string, share: number | null): { grade: string; missing: number } | null {
  if (share === null) return null;
  const next = [...(SCHEMES[scheme] ?? [])].reverse().find(({ from }) => share < from);
  return next ? { grade: next.grade, missing: next.from - share } : null;
}
