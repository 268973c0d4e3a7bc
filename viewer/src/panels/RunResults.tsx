/** What came out of a run: figures of a flood or of energy, and the files to take along. */
import type { RunResults as Results } from '../client/runs';
import { number, squareMetres, t, withUnit } from '../i18n';
import { money } from '../runs/text';
import { energySummaryOf } from '../state/energy';
import { type FloodSummary, summaryOf } from '../state/flood';
import { described } from '../state/runs';
import { EnergyFigures } from './EnergyFigures';
import { type Fact, FactList } from './FactList';

function Figures({ summary }: { summary: FloodSummary }) {
  const { damage } = summary;
  const cubic = (volume: number | undefined) =>
    volume === undefined ? null : withUnit(number(volume, 0), 'm3');
  const rows: Fact[] = [
    [t('flood.area'), squareMetres(summary.flooded_area)],
    [t('flood.deepest'), summary.max_depth == null ? null : withUnit(number(summary.max_depth, 2), 'm')],
    [t('flood.buildings'), damage?.buildings_flooded == null ? null : number(damage.buildings_flooded)],
    [t('flood.roads'), summary.roads_cut == null ? null : number(summary.roads_cut)],
    [t('flood.rain'), cubic(summary.rain_volume)],
    [t('flood.infiltration'), cubic(summary.infiltration_volume)],
    [t('flood.mass'), summary.mass_error == null ? null : summary.mass_error.toExponential(1)],
  ];
  return (
    <>
      {damage && (
        <div class="damage">
          <span>{t('flood.damage')}</span>
          <b>{money(damage.damage, damage.currency)}</b>
          <small>
            {t('flood.damage.range', {
              low: money(damage.damage_low, damage.currency),
              high: money(damage.damage_high, damage.currency),
            })}
            {' · '}
            {t('flood.damage.prices', { year: String(damage.price_year) })}
          </small>
        </div>
      )}
      <FactList as="figures" facts={rows} />
      {(summary.notes?.length ?? 0) > 0 && (
        <details>
          <summary>{t('runs.notes')}</summary>
          <ul class="run-files">
            {summary.notes!.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Files({ run, process, results }: { run: string; process: string; results: Results }) {
  const outputs = described.value.get(process)?.outputs ?? {};
  const files = Object.entries(results).filter(([, result]) => result.href);
  return (
    <details>
      <summary>{t('runs.files')}</summary>
      <ul class="run-files">
        {files.map(([name, { href }]) => {
          const unit = outputs[name]?.schema['x-ogc-unit'];
          return (
            <li key={name}>
              <a href={new URL(href!, location.href).pathname} download>
                {withUnit(outputs[name]?.title ?? name, unit && unit !== '1' ? `[${unit}]` : null)}
              </a>{' '}
              <small>{href!.slice(href!.lastIndexOf('.') + 1)}</small>
            </li>
          );
        })}
        <li>
          <a href={`/jobs/${encodeURIComponent(run)}/results?f=json`} download={`${run}.json`}>
            {t('runs.files.all')}
          </a>{' '}
          <small>{'json'}</small>
        </li>
      </ul>
    </details>
  );
}

export function RunResults({ run, process, results }: { run: string; process: string; results: Results }) {
  const summary = summaryOf(results);
  const energy = energySummaryOf(results);
  return (
    <div class="run-results">
      {summary && <Figures summary={summary} />}
      {energy && <EnergyFigures summary={energy} />}
      <Files run={run} process={process} results={results} />
    </div>
  );
}
