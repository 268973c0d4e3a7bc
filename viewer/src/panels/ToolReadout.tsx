/** What the active tool asks for and what it has found, above the time bar; and its drawing on the canvas. */
import { boxPoints, probePoint } from '../cesium/marks';
import { drawnPoints, type Measurement, measurement } from '../cesium/measure';
import { footprintPoints } from '../cesium/planTools';
import { sectionPoints } from '../cesium/section';
import { standing } from '../cesium/walk';
import { type Key, metres, squareMetres, t } from '../i18n';
import { tool } from '../state/store';
import { Icon } from './icons';

function measureHint(now: Measurement): Key {
  if (now.done) return 'measure.again';
  if (now.points === 0) return 'measure.start';
  return now.kind === 'height' ? 'measure.second' : 'measure.next';
}

function measureRows(now: Measurement): [Key, string][] {
  if (now.points < 2) return [];
  if (now.kind === 'area') return now.points < 3 ? [] : [['measure.area', squareMetres(now.area)]];
  const rise: [Key, string] = ['measure.rise', metres(now.rise)];
  const horizontal: [Key, string] = ['measure.horizontal', metres(now.horizontal)];
  return now.kind === 'height'
    ? [rise, horizontal]
    : [['measure.length', metres(now.length)], horizontal, rise];
}

function hintKey(): Key | null {
  if (tool.value === 'section') {
    return (['section.start', 'section.next', 'section.done'] as const)[sectionPoints.value] ?? null;
  }
  if (tool.value === 'box') return 'runs.area.draw';
  if (tool.value === 'sun') return 'sun.start';
  if (tool.value === 'plan') return 'plan.hint';
  if (tool.value === 'raze') return 'plan.raze.hint';
  if (tool.value === 'walk') return standing.value ? 'walk.there' : 'walk.start';
  return measurement.value ? measureHint(measurement.value) : null;
}

export function ToolReadout() {
  const hint = hintKey();
  if (tool.value === null || hint === null) return null;
  const rows = measurement.value ? measureRows(measurement.value) : [];
  return (
    <div class="panel readout" role="status">
      <span>{t(hint)}</span>
      {rows.map(([label, value]) => (
        <span key={label} class="measure">
          <small>{t(label)}</small> <b>{value}</b>
        </span>
      ))}
      <button
        class="round small"
        aria-label={t('tools.leave')}
        title={t('tools.leave')}
        onClick={() => (tool.value = null)}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}

export function Drawing() {
  const points = drawnPoints.value;
  const box = boxPoints.value;
  const probed = probePoint.value;
  const footprint = footprintPoints.value;
  if (points.length === 0 && box.length === 0 && footprint.length === 0 && !probed) return null;
  const joined = (corners: typeof points) => corners.map((point) => `${point.x},${point.y}`).join(' ');
  const line = joined(points);
  const closed = measurement.value?.kind === 'area';
  return (
    <svg class="drawing" aria-hidden="true">
      {box.length > 2 && <polygon class="run-box" points={joined(box)} />}
      <polygon class="plan-outline" points={joined(footprint)} />
      {footprint.map((point, index) => (
        <circle key={`footprint ${index}`} cx={point.x} cy={point.y} r="4.500" />
      ))}
      {probed && <circle class="probe-mark" cx={probed.x} cy={probed.y} r="7" />}
      {closed ? <polygon points={line} /> : <polyline points={line} />}
      {points.map((point, index) => (
        <circle key={index} cx={point.x} cy={point.y} r="4.500" />
      ))}
    </svg>
  );
}
