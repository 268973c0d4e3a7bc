/** The water at the clicked place: its greatest depth, when it comes, and its course. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { number, t, withUnit } from '../i18n';
import { clockOf } from '../runs/text';
import { framesAt } from '../flood/grid';
import { floodTime, floodView, type Probe, probe, water } from '../state/flood';
import { detailOf } from '../state/runs';
import { pickedSensor } from '../state/sensors';
import { selection } from '../state/store';
import { DepthChart } from './DepthChart';
import { Icon } from './icons';

const depthText = (depth: number) => withUnit(number(depth, 2), 'm');

function Body({ at }: { at: Probe }) {
  const depths = useSignal<number[] | null>(null);
  const error = useSignal<string | null>(null);
  useSignalEffect(() => {
    const [shown, cell] = [water.value, probe.value];
    let stopped = false;
    depths.value = error.value = null;
    if (!shown || !cell) return undefined;
    shown
      .series(cell)
      .then((found) => !stopped && (depths.value = found))
      .catch((problem: unknown) => !stopped && (error.value = detailOf(problem)));
    return () => {
      stopped = true;
    };
  });
  const shown = water.value;
  if (!shown) return null;
  const { times, legend } = shown.file;
  const series = depths.value;
  const { before, after, share } = framesAt(times, floodTime.value);
  const now = series && series[before]! * (1 - share) + series[after]! * share;
  const wet = series?.findIndex((depth) => depth >= legend.stops[0]!) ?? -1;
  return (
    <aside class="panel inspector water-probe" aria-labelledby="probe-title" data-covers="right">
      <div class="panel-head">
        <div>
          <h2 id="probe-title">{t('flood.probe')}</h2>
          <p class="object-id">
            {number(at.latitude, 5)}, {number(at.longitude, 5)}
          </p>
        </div>
        <button
          class="round"
          aria-label={t('common.close')}
          title={t('common.close')}
          onClick={() => (probe.value = null)}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="panel-body" tabIndex={0} role="group" aria-labelledby="probe-title">
        <dl class="glance">
          <div>
            <dt>{t('flood.deepest')}</dt>
            <dd>{depthText(shown.maximumAt(at))}</dd>
          </div>
          {now !== null && (
            <div>
              <dt>{t('flood.probe.now', { clock: clockOf(floodTime.value, shown.duration) })}</dt>
              <dd>{depthText(now)}</dd>
            </div>
          )}
          {wet >= 0 && (
            <div>
              <dt>{t('flood.probe.arrival')}</dt>
              <dd>{clockOf(times[wet]!, shown.duration)}</dd>
            </div>
          )}
        </dl>
        {error.value !== null && (
          <p class="problem" role="alert">
            {t('flood.error', { detail: error.value || t('offline.title') })}
          </p>
        )}
        {series ? (
          <DepthChart times={times} depths={series} />
        ) : (
          error.value === null && <p class="quiet">{t('layers.loading')}</p>
        )}
      </div>
    </aside>
  );
}

export function WaterProbe() {
  const at = probe.value;
  if (!at || !floodView.value?.visible || selection.value !== null || pickedSensor.value !== null)
    return null;
  return <Body key={`${at.row} ${at.column}`} at={at} />;
}
