/** What retrofits cost: the curve, what is taken of it, money, and questions that follow the view. */
import { signal } from '@preact/signals';
import { expect, test, vi } from 'vitest';
import type { CurveStep } from '../src/client/energy';
import { curveOf, middleOf, reached, upTo } from '../src/energy/costs';
import { money, moneyShort } from '../src/runs/text';
import { asked, follow } from '../src/state/asking';
import { language } from '../src/state/store';

const step = (measure: string, saved_final: number, investment: number | null): CurveStep => ({
  measure,
  title: { en: measure, ko: measure },
  saved_final,
  investment,
  cost_per_kwh: investment === null ? null : investment / saved_final,
  grade_after: null,
});
const STEPS = [
  step('led', 700, 1400),
  step('wall', 100, 4000),
  step('seal', 300, null),
  step('fans', 50, null),
];

test('a curve adds up savings and money, and says from where on the money is not known', () => {
  expect(curveOf(STEPS)).toEqual([
    { saved: 0, spent: 0, known: true },
    { saved: 700, spent: 1400, known: true },
    { saved: 800, spent: 5400, known: true },
    { saved: 1100, spent: 5400, known: false },
    { saved: 1150, spent: 5400, known: false },
  ]);
  expect(curveOf([])).toHaveLength(1);
});

test('the chosen measures stand on the curve only as its first ones, in whatever order', () => {
  expect(upTo(STEPS, 1)).toEqual(['led', 'wall']);
  expect(reached(STEPS, ['wall', 'led'])).toBe(2);
  expect(reached(STEPS, ['wall'])).toBe(0);
  expect(reached(STEPS, ['led', 'seal'])).toBe(0);
  expect(reached(STEPS, [])).toBe(0);
  expect(reached(STEPS, ['led', 'wall', 'seal', 'fans', 'more'])).toBe(0);
});

test('a block is looked at from its middle, the farther the larger it is', () => {
  const one = middleOf([[128.9, 35.1, 30]]);
  expect(one.at).toEqual([128.9, 35.1, 30]);
  const { at, range } = middleOf([
    [128.9, 35.1, 30],
    [128.902, 35.101, 40],
  ]);
  expect(at).toEqual([expect.closeTo(128.901), expect.closeTo(35.1005), 35]);
  // 0.002° of longitude at 35.1° are 182 m, 0.001° of latitude 111 m: 213 m across.
  expect(range - one.range).toBeCloseTo(1.5 * 213.4, 0);
});

test('small amounts of money keep their cents', () => {
  language.value = 'en';
  expect(money(0.164, 'EUR')).toBe('€0.16');
  expect(money(70.34, 'EUR')).toBe('€70.34');
  expect(money(1234.5, 'EUR')).toBe('€1,235');
  expect(money(180.4, 'KRW')).toBe('₩180');
  expect(money(0, 'EUR')).toBe('€0');
  expect(money(12.5, '')).toBe('12.5');
  expect(moneyShort(1.4e9, 'KRW')).toBe('₩1.4B');
  language.value = 'ko';
  expect(moneyShort(1.4e9, 'KRW')).toBe('₩14억');
  language.value = 'en';
});

test('a question is asked when it rests, and an answer to another one does not outlive a failure', async () => {
  vi.useFakeTimers();
  const question = signal<string | null>(null);
  const into = asked<string>();
  const told: { question: number; abort: AbortSignal; answer: (text: string) => void; fail: () => void }[] =
    [];
  const end = follow<number, string>(
    question,
    (number, abort) =>
      new Promise((resolve, reject) =>
        told.push({ question: number, abort, answer: resolve, fail: () => reject(new Error('no')) }),
      ),
    into,
  );
  question.value = '1';
  question.value = '2';
  expect(into.busy.value).toBe(true);
  await vi.advanceTimersByTimeAsync(150);
  expect(told.map((one) => one.question)).toEqual([2]);
  told[0]!.answer('two');
  await vi.advanceTimersByTimeAsync(0);
  expect([into.answer.value, into.busy.value]).toEqual(['two', false]);

  question.value = '3';
  expect([into.answer.value, into.busy.value]).toEqual(['two', true]);
  await vi.advanceTimersByTimeAsync(150);
  question.value = '4';
  expect(told[1]!.abort.aborted).toBe(true);
  told[1]!.answer('three, too late');
  await vi.advanceTimersByTimeAsync(150);
  expect(into.answer.value).toBe('two');
  told[2]!.fail();
  await vi.advanceTimersByTimeAsync(0);
  expect(into.answer.value).toBeNull();
  expect(into.error.value).toContain('no');
  expect(into.busy.value).toBe(false);

  question.value = null;
  expect([into.answer.value, into.error.value]).toEqual([null, null]);
  end();
  vi.useRealTimers();
});
