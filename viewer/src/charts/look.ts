/** The chart's colours: lines that stand out from their paper by 3:1 at least, in both themes. */
import type { Theme } from '../sun/daylight';
import type { PlotLook } from './plot';

const LINES: Record<Theme, string[]> = {
  light: ['#1f5fd0', '#c2410c', '#15803d', '#8b2fb3', '#0e7490', '#be123c', '#7a5a0b', '#475569'],
  dark: ['#8bb8ff', '#ff9d6b', '#7ddb9a', '#d7a4f2', '#6fd6e8', '#ff93a6', '#e3c369', '#b4c0cf'],
};

export const chartColours = (theme: Theme) => LINES[theme];

const LOOKS: Record<Theme, Omit<PlotLook, 'colours' | 'font'> & { paper: string }> = {
  light: {
    paper: '#ffffff',
    ink: '#1c2530',
    quiet: '#566271',
    line: '#1c253014',
    flagged: '#7d3fa8',
    severity: { info: '#1b6ca8', warning: '#97600a', critical: '#c4201d' },
  },
  dark: {
    paper: '#1d232b',
    ink: '#e8edf4',
    quiet: '#a2aebd',
    line: '#dce8fa1f',
    flagged: '#d7a4f2',
    severity: { info: '#7cc0f4', warning: '#f0b75c', critical: '#ff8f86' },
  },
};

export const lookOf = (theme: Theme) => ({
  ...LOOKS[theme],
  colours: LINES[theme],
  font: '"Pretendard Variable", Pretendard, system-ui, sans-serif',
});
