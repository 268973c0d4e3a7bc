/** Korean texts of flood warnings. */
import type { Message } from './index';
import type { warningsEn } from './warnings.en';

export const warningsKo: Record<keyof typeof warningsEn, Message> = {
  'warnings.title': '소유역별 경보',
  'warnings.legend': '경보 단계가 시작되는 침수심',
  'warnings.from': '{name}: {depth}',
  'warnings.level': '경보 단계',
  'warnings.level.none': '없음',
  'warnings.level.unknown': '모름',
  'warnings.basin': '소유역 {number}',
  'warnings.depth': '예상 침수심',
  'warnings.error': '{depth} ± {error}',
  'warnings.area': '면적',
  'warnings.list': { other: '경보가 있는 소유역 {count}곳' },
  'warnings.more': '{count}곳 더 보기',
  'warnings.fewer': '줄이기',
  'warnings.calm': '경보가 있는 소유역이 없습니다.',
  'warnings.routes': { other: '대피 경로 {count}개' },
  'warnings.without': { other: '경보 건물 {count}동은 대피소까지 침수되지 않는 길이 없습니다' },
  'warnings.forecast': '강우 {rain}, 하천 수위 {rise} 상승; 발표 {issued}, {until}까지',
  'warnings.beyond':
    '예보가 시나리오 라이브러리의 범위를 벗어나 가장 가까운 시나리오로 답했습니다. 실제 침수심은 더 깊을 수 있습니다.',
  'warnings.simulated': '소유역의 열린 땅 5 %가 이보다 깊은 침수심이며, 이번 모의 결과입니다.',
  'warnings.answered':
    '소유역의 열린 땅 5 %가 이보다 깊은 침수심이며, 시나리오 라이브러리의 답입니다. ±는 전체 모의에 대한 오차(제곱평균제곱근)입니다.',
};
