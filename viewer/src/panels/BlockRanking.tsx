/** Blocks by what a saved kilowatt hour costs in them; a press flies there and looks at the block. */
import type { RankedBlock, RankingAnswer } from '../client/energy';
import { energyText } from '../energy/text';
import { number, t } from '../i18n';
import { money } from '../runs/text';
import { energyView } from '../state/energy';
import { goToBlock } from '../state/costs';
import { toast } from '../state/store';

const MOST_SHOWN = 100;

function Row({
  block,
  place,
  run,
  currency,
}: {
  block: RankedBlock;
  place: number;
  run: string;
  currency: string;
}) {
  const of = energyView.value?.of;
  const shown = of?.kind === 'block' && of.id === block.id;
  const { cost_per_kwh: cost, investment, payback } = block;
  const open = () =>
    goToBlock(run, block.id).catch(
      () => (toast.value = { key: 'energy.costs.lost', values: { id: block.id } }),
    );
  return (
    <tr class={shown ? 'taken' : undefined}>
      <th scope="row">
        <button aria-pressed={shown} onClick={() => void open()}>
          {place}. {block.id}
          <small>
            {[
              t('energy.costs.buildings', { count: block.buildings }),
              investment === null ? '' : money(investment, currency),
              payback === null ? '' : t('energy.costs.payback', { years: number(payback, 1) }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </small>
        </button>
      </th>
      <td>{energyText(block.saved_final ?? 0)}</td>
      <td>{cost === null ? t('energy.costs.unknown') : money(cost, currency)}</td>
    </tr>
  );
}

export function BlockRanking({
  found,
  run,
  currency,
}: {
  found: RankingAnswer;
  run: string;
  currency: string;
}) {
  const { blocks } = found;
  return (
    <>
      <table class="energy-costs">
        <caption>{t('energy.costs.fly')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('energy.group.block')}</th>
            <th scope="col">{t('energy.costs.saves')}</th>
            <th scope="col">{t('energy.costs.kwh')}</th>
          </tr>
        </thead>
        <tbody>
          {blocks.slice(0, MOST_SHOWN).map((block, index) => (
            <Row key={block.id} block={block} place={index + 1} run={run} currency={currency} />
          ))}
        </tbody>
      </table>
      {blocks.length > MOST_SHOWN && (
        <p class="quiet">
          {t('energy.costs.most', { shown: number(MOST_SHOWN), all: number(blocks.length) })}
        </p>
      )}
    </>
  );
}
