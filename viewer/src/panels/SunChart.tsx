/** A day's sun path as azimuth and elevation: where it is lit, where something stands before it, and what does. */
import type { SunPath } from '../client/sun';
import { clockTime, number, t } from '../i18n';
import { zone } from '../state/store';
import {
  type Frame,
  frameOf,
  fromMiddle,
  horizonOutline,
  placeOf,
  type Point,
  stretchesOf,
} from '../sunstudy/path';

const WIDTH = 300;
const HEIGHT = 150;
const HOUR = 3_600_000;
const COMPASS = [
  [0, 'sun.north'],
  [45, 'sun.northeast'],
  [90, 'sun.east'],
  [135, 'sun.southeast'],
  [180, 'sun.south'],
  [225, 'sun.southwest'],
  [270, 'sun.west'],
  [315, 'sun.northwest'],
] as const;

const joined = (points: Point[]) => points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');

function Grid({ frame }: { frame: Frame }) {
  const heights = [];
  for (let height = 10; height < frame.top; height += frame.top > 50 ? 20 : 10) heights.push(height);
  return (
    <g class="sun-grid">
      {heights.map((height) => {
        const { y } = placeOf(frame, frame.middle, height);
        return (
          <g key={height}>
            <line x1={0} x2={WIDTH} y1={y} y2={y} />
            <text x={3} y={y - 3}>{`${number(height)}°`}</text>
          </g>
        );
      })}
      {COMPASS.filter(([azimuth]) => Math.abs(fromMiddle(azimuth, frame.middle)) < frame.half - 8).map(
        ([azimuth, key]) => {
          const { x } = placeOf(frame, azimuth, 0);
          return (
            <g key={key}>
              <line x1={x} x2={x} y1={0} y2={HEIGHT} />
              <text x={x} y={HEIGHT + 14} text-anchor="middle">
                {t(key)}
              </text>
            </g>
          );
        },
      )}
    </g>
  );
}

/** Marks the full hours along the way. */
function Hours({ path, frame }: { path: SunPath; frame: Frame }) {
  const marks = path.times.flatMap((time, index) => {
    const instant = Date.parse(time);
    const elevation = path.elevation[index]!;
    if (elevation < 2 || instant % HOUR !== 0) return [];
    const hour = Number(clockTime(instant, path.timezone || zone.value).slice(0, 2));
    return [{ hour, ...placeOf(frame, path.azimuth[index]!, elevation) }];
  });
  return (
    <g class="sun-hours">
      {marks.map(({ hour, x, y }) => (
        <g key={hour}>
          <circle cx={x} cy={y} r="2.500" />
          {hour % 3 === 0 && y > 14 && (
            <text x={x} y={y - 7} text-anchor="middle">
              {t('sun.hour', { hour })}
            </text>
          )}
        </g>
      ))}
    </g>
  );
}

export function SunChart({ path, label }: { path: SunPath; label: string }) {
  const frame = frameOf(path, WIDTH, HEIGHT);
  return (
    <svg
      class="sun-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT + 20}`}
      role="img"
      aria-label={label}
      preserveAspectRatio="xMidYMid meet"
    >
      <Grid frame={frame} />
      <polygon class="sun-horizon" points={joined(horizonOutline(path, frame))} />
      {stretchesOf(path, frame).map(({ lit, points }, index) => (
        <polyline key={index} class={lit ? 'sun-lit' : 'sun-shaded'} points={joined(points)} />
      ))}
      <Hours path={path} frame={frame} />
      <line class="sun-base" x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
    </svg>
  );
}
