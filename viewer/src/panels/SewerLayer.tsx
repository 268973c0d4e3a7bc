/** The storm drains of a flood in the layer list: shown or not, how many are in trouble, and what colours mean. */
import { DRAIN_COLOURS, NODE_COLOURS } from '../flood/drainColours';
import { FILL_GRADES, NODE_STATES, type NodeState } from '../flood/sewers';
import { type Key, number, t } from '../i18n';
import { changeFlood, drainMoment, type FloodView, sewers } from '../state/flood';
import { underground } from '../state/store';
import { Icon } from './icons';
import { Swatches } from './Swatches';

export const nodeStateText = (state: NodeState) => t(`sewers.node.${state}` as Key);

function gradeText(index: number): string {
  const percent = (share: number) => number(share * 100, 0);
  const from = FILL_GRADES[index]!.from;
  const to = FILL_GRADES[index + 1]?.from;
  if (to === undefined) return t('sewers.full');
  return t('sewers.fill.range', { from: percent(from), to: percent(to) });
}

/** How many nodes and pipes are in trouble at the shown time. */
function Trouble() {
  const shown = sewers.value!;
  const moment = drainMoment.value;
  const manholes = [...shown.nodes.values()].filter(({ type }) => type !== 'outfall');
  const states = manholes.map(({ index }) => shown.stateOf(index, moment));
  const count = (state: NodeState) => states.filter((one) => one === state).length;
  const full = [...shown.links.keys()].filter(
    (index) => shown.gradeOf(index, moment) === FILL_GRADES.length - 1,
  ).length;
  return (
    <p class="drain-trouble">
      {t('sewers.now', {
        over: number(count('over')),
        surcharged: number(count('surcharged')),
        nodes: number(states.length),
        full: number(full),
        pipes: number(shown.links.size),
      })}
    </p>
  );
}

export function SewerLayer({ view }: { view: FloodView }) {
  if (!sewers.value) return null;
  return (
    <div class="drains">
      <label class="check">
        <input
          type="checkbox"
          checked={view.drains}
          onChange={(event) => changeFlood({ drains: event.currentTarget.checked })}
        />
        <span>{t('sewers.title')}</span>
      </label>
      {view.drains && (
        <>
          <Trouble />
          {!underground.value && (
            <button class="plain" onClick={() => (underground.value = true)}>
              <Icon name="underground" size={15} /> {t('sewers.look')}
            </button>
          )}
          <figure class="legend">
            <figcaption>{t('sewers.fill')}</figcaption>
            <Swatches items={DRAIN_COLOURS.map((colour, index) => ({ colour, label: gradeText(index) }))} />
            <figcaption>{t('sewers.node')}</figcaption>
            <Swatches
              items={NODE_STATES.map((state) => ({
                colour: NODE_COLOURS[state],
                label: nodeStateText(state),
                round: true,
              }))}
            />
          </figure>
        </>
      )}
    </div>
  );
}
