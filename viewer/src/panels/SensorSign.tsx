/** The signs of the sensor symbols, for legends and lists. */
import type { SensorKind, SensorState } from '../client/sensorTypes';
import { KIND_SIGNS, STATE_BADGES, STATE_COLOURS } from '../sensors/symbols';

/** A kind's sign on a disc in the colour of a state. */
export function KindSign({
  kind,
  state = 'ok',
  size = 22,
}: {
  kind: SensorKind;
  state?: SensorState;
  size?: number;
}) {
  const badge = STATE_BADGES[state];
  return (
    <svg class="kind-sign" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="15" fill={STATE_COLOURS[state]} />
      <g transform="translate(5 5) scale(.917)" class="sign">
        <path d={KIND_SIGNS[kind]} />
      </g>
      {badge && (
        <g transform="translate(18 -1) scale(1.2)" class="badge">
          <path class="shape" d={badge.shape} />
          <path class="lines" d={badge.sign} />
        </g>
      )}
    </svg>
  );
}

/** A state's colour and badge. */
export function StateSign({ state }: { state: SensorState }) {
  const badge = STATE_BADGES[state];
  return (
    <svg
      class="state-sign"
      width={badge ? 24 : 14}
      height="16"
      viewBox={`0 0 ${badge ? 24 : 14} 16`}
      aria-hidden="true"
    >
      <circle cx="7" cy="9" r="6.500" fill={STATE_COLOURS[state]} />
      {badge && (
        <g transform="translate(12 1) scale(.9)" class="badge">
          <path class="shape" d={badge.shape} />
          <path class="lines" d={badge.sign} />
        </g>
      )}
    </svg>
  );
}
