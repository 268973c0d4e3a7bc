/** The clicked storm drain: a node with its head and what comes out of it, or a pipe with its flow and fill. */
import type { DrainLink, DrainNode, Sewers } from '../flood/sewers';
import { type Key, number, t, withUnit } from '../i18n';
import { clockOf } from '../runs/text';
import { drainMoment, floodView, type Probe, probe, sewers } from '../state/flood';
import { pickedSensor } from '../state/sensors';
import { selection } from '../state/store';
import { type Fact, placeText, ProbePanel } from './ProbePanel';
import { RunChart } from './RunChart';
import { nodeStateText } from './SewerLayer';

const metres = (length: number | null) => (length === null ? null : withUnit(number(length, 2), 'm'));
const flowText = (flow: number) => withUnit(number(flow, 3), 'm3/s');
const percent = (share: number) =>
  Number.isFinite(share) ? `${number(share * 100, 0)} %` : t('common.none');

/** What a value is of: the shown time, or the greatest of all. */
function momentText(name: Key, times: number[]): string {
  const moment = drainMoment.value;
  const when = moment === 'greatest' ? t('sewers.greatest') : clockOf(moment, times.at(-1) ?? 0);
  return t('sewers.at', { value: t(name), when });
}

function Chart({
  name,
  times,
  values,
  unit,
}: {
  name: Key;
  times: number[];
  values: number[];
  unit: string;
}) {
  if (!values.some(Number.isFinite)) return null;
  return (
    <section>
      <h3>{withUnit(t(name), `[${withUnit('', unit).trim()}]`)}</h3>
      <RunChart title={t(name)} times={times} values={values} unit={unit} digits={3} />
    </section>
  );
}

const titleOf = ({ type, id }: DrainNode | DrainLink) =>
  t('sewers.of', { type: t(`sewers.type.${type}` as Key), id });

function NodePanel({ shown, node, at }: { shown: Sewers; node: DrainNode; at: Probe }) {
  const { times } = shown;
  const moment = drainMoment.value;
  const head = node.rim + shown.valueAt('above_rim', node.index, moment);
  const facts: Fact[] = [
    [momentText('sewers.state', times), nodeStateText(shown.stateOf(node.index, moment))],
    [momentText('sewers.head', times), metres(head)],
    [t('sewers.rim'), metres(node.rim)],
    [t('sewers.invert'), metres(node.invert)],
    [momentText('sewers.exchange', times), flowText(shown.valueAt('exchange', node.index, moment))],
  ];
  return (
    <ProbePanel title={titleOf(node)} place={placeText(at)} facts={facts}>
      <Chart name="sewers.head" times={times} values={shown.heads(node)} unit="m" />
      <Chart name="sewers.exchange" times={times} values={shown.series('exchange', node.index)} unit="m3/s" />
    </ProbePanel>
  );
}

function LinkPanel({ shown, link, at }: { shown: Sewers; link: DrainLink; at: Probe }) {
  const { times } = shown;
  const moment = drainMoment.value;
  const size = [link.full_depth, link.width].filter((length) => length !== null);
  const section = [...new Set(size)].map((length) => number(length, 2)).join(' × ');
  const facts: Fact[] = [
    [momentText('sewers.fill', times), percent(shown.valueAt('fill', link.index, moment))],
    [momentText('sewers.flow', times), flowText(shown.valueAt('flow', link.index, moment))],
    [t('sewers.section'), section ? withUnit(`${link.shape} ${section}`, 'm') : link.shape],
    [t('sewers.barrels'), link.barrels > 1 ? number(link.barrels) : null],
    [t('sewers.between'), `${link.from} → ${link.to}`],
  ];
  return (
    <ProbePanel title={titleOf(link)} place={placeText(at)} facts={facts}>
      <Chart name="sewers.flow" times={times} values={shown.series('flow', link.index)} unit="m3/s" />
      <Chart
        name="sewers.fill"
        times={times}
        values={shown.series('fill', link.index).map((fill) => fill * 100)}
        unit="%"
      />
    </ProbePanel>
  );
}

export function DrainProbe() {
  const at = probe.value;
  const shown = sewers.value;
  const view = floodView.value;
  if (at?.kind !== 'node' && at?.kind !== 'link') return null;
  if (!shown || !view?.visible || !view.drains) return null;
  if (selection.value !== null || pickedSensor.value !== null) return null;
  const key = `${at.kind} ${at.index}`;
  if (at.kind === 'node') {
    const node = shown.nodes.get(at.index);
    return node ? <NodePanel key={key} shown={shown} node={node} at={at} /> : null;
  }
  const link = shown.links.get(at.index);
  return link ? <LinkPanel key={key} shown={shown} link={link} at={at} /> : null;
}
