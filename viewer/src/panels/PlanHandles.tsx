/** Handles over the map to move, turn and raise the planned building, by pointer or by arrow keys. */
import type { Plan } from '../sunstudy/plan';
import { dragOf, type HandleId, handlePoints } from '../cesium/planBuilding';
import { stage } from '../cesium/open';
import { t } from '../i18n';
import { changePlan, compare, plan, splitAt, whatIf } from '../state/plan';
import { moved, raised, turned } from '../sunstudy/plan';
import { Icon, type IconName } from './icons';

const ICONS: Record<HandleId, IconName> = { move: 'move', height: 'height', turn: 'turn' };
/** What an arrow key does; with Shift ten times as much [m, degrees]. */
const TURN = 5;

function stepOf(handle: HandleId, key: string, times: number): ((plan: Plan) => Plan) | null {
  const right = { ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0;
  const up = { ArrowUp: 1, ArrowDown: -1 }[key] ?? 0;
  if (right === 0 && up === 0) return null;
  if (handle === 'move') return (now) => moved(now, right * times, up * times);
  if (handle === 'turn') return (now) => turned(now, (right || up) * (times > 1 ? 3 : 1) * TURN);
  return (now) => raised(now, now.height + (up || right) * times);
}

function Handle({ id }: { id: HandleId }) {
  const at = handlePoints.value![id];
  const down = (event: PointerEvent) => {
    const button = event.currentTarget as HTMLButtonElement;
    const drag = stage.value && dragOf(stage.value, id, { x: event.clientX, y: event.clientY });
    if (!drag) return;
    event.preventDefault();
    button.focus({ preventScroll: true });
    button.setPointerCapture(event.pointerId);
    const follow = (to: PointerEvent) => drag({ x: to.clientX, y: to.clientY });
    const end = () => {
      button.removeEventListener('pointermove', follow);
      button.removeEventListener('lostpointercapture', end);
    };
    button.addEventListener('pointermove', follow);
    button.addEventListener('lostpointercapture', end);
  };
  const label = t(`plan.handle.${id}`);
  return (
    <button
      class={`plan-handle plan-handle-${id}`}
      style={{ left: `${at.x}px`, top: `${at.y}px` }}
      aria-label={label}
      title={label}
      onPointerDown={down}
      onKeyDown={(event) => {
        const step = stepOf(id, event.key, event.shiftKey ? 10 : 1);
        if (!step) return;
        event.preventDefault();
        changePlan(step);
      }}
    >
      <Icon name={ICONS[id]} size={16} />
    </button>
  );
}

export function PlanHandles() {
  if (!plan.value || !handlePoints.value) return null;
  return (
    <div class="plan-handles">
      <Handle id="move" />
      <Handle id="height" />
      <Handle id="turn" />
    </div>
  );
}

/** The line between the halves without and with the plan. */
export function PlanSplit() {
  if (!plan.value || !whatIf.value || compare.value !== 'split') return null;
  return <div class="plan-split" style={{ left: `${splitAt.value * 100}%` }} aria-hidden="true" />;
}
