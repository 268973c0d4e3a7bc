/** What was tapped: the likeliest object with its attributes and sensors, the others to choose, or a sensor. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getObjectSensors, getSensor } from '../client/readings';
import type { SensorInfo } from '../client/sensorTypes';
import { percent } from '../energy/text';
import { metres, t, term } from '../i18n';
import { AttributeTable } from '../panels/AttributeTable';
import { FactList } from '../panels/FactList';
import { Icon } from '../panels/icons';
import { choose, letGo, words } from './actions';
import type { Hit } from './answers';
import { Readings } from './Readings';
import { picked, pickedSensor, shownHit, type Picked } from './state';
import { sureness } from './sure';

const chance = (share: number) => percent(share, share > 0.1 ? 0 : 1);
const nameOf = (hit: Hit) => hit.name ?? term('class', hit.class);

function Other({ hit, index }: { hit: Hit; index: number }) {
  return (
    <li>
      <button class="other" onClick={() => void choose(index)}>
        <span>{nameOf(hit)}</span>
        <small>
          {metres(Math.round(hit.distance))} · {chance(hit.probability)} · {t(sureness(hit.probability))}
        </small>
      </button>
    </li>
  );
}

function Hits({ of, hit }: { of: Picked; hit: Hit }) {
  const others = of.hits.map((other, index) => ({ other, index })).filter(({ index }) => index !== of.index);
  return (
    <>
      <p class="sure">
        <b>{t(sureness(hit.probability))}</b> <span>{chance(hit.probability)}</span>
      </p>
      <FactList
        as="glance"
        facts={[
          [t('ar.class'), term('class', hit.class)],
          [t('ar.distance'), metres(Math.round(hit.distance * 10) / 10)],
        ]}
      />
      {hit.sensors.length > 0 && (
        <Readings of={hit.id} given={hit.sensors} ask={(abort) => getObjectSensors(hit.id, null, abort)} />
      )}
      {others.length > 0 && (
        <section>
          <h3>{t('ar.others')}</h3>
          <ul class="others">
            {others.map(({ other, index }) => (
              <Other key={other.id} hit={other} index={index} />
            ))}
          </ul>
        </section>
      )}
      {of.nothing >= 0.05 && <p class="quiet">{t('ar.nothing.maybe', { share: chance(of.nothing) })}</p>}
      <section>
        <h3>{t('inspector.attributes')}</h3>
        <AttributeTable entries={Object.entries(hit.attributes)} />
      </section>
      <p class="card-foot">
        <span class="object-id">{hit.id}</span>
        <a href={`/viewer/#o=${encodeURIComponent(hit.id)}`} target="_blank" rel="noopener">
          {t('ar.open')}
        </a>
      </p>
    </>
  );
}

function Sensor({ id }: { id: number }) {
  const found = useSignal<SensorInfo | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    [found.value, error.value] = [null, null];
    const abort = new AbortController();
    getSensor(id, null, abort.signal)
      .then((sensor) => (found.value = sensor))
      .catch((problem: unknown) => {
        if (!abort.signal.aborted) error.value = words(problem) ?? t('offline.title');
      });
    return () => abort.abort();
  }, [id]);
  const sensor = found.value;
  if (error.value !== null) {
    return (
      <p class="problem" role="alert">
        {error.value}
      </p>
    );
  }
  if (sensor?.id !== id) return <p class="quiet">{t('ar.loading')}</p>;
  return (
    <Readings
      of={`sensor ${id}`}
      given={[sensor]}
      ask={async (abort) => [await getSensor(id, null, abort)]}
    />
  );
}

export function Card() {
  const hits = picked.value;
  const hit = shownHit.value;
  const sensor = pickedSensor.value;
  if (hits === null && sensor === null) return null;
  const title = hit ? nameOf(hit) : sensor !== null ? t('ar.sensors') : t('ar.nothing');
  return (
    <aside class="card panel" aria-label={t('ar.card')}>
      <header>
        <h2>{title}</h2>
        <button class="round small" aria-label={t('common.close')} onClick={letGo}>
          <Icon name="close" />
        </button>
      </header>
      {(hit ?? sensor) !== null && (
        // Scrolls, and so has to be reached by the keyboard.
        <div class="card-body" tabIndex={0} role="group" aria-label={title}>
          {hits && hit ? <Hits of={hits} hit={hit} /> : sensor !== null && <Sensor id={sensor} />}
        </div>
      )}
    </aside>
  );
}
