/** What is picked: class and id, a few facts, then everything that is known of it. */
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { flyToPlace } from '../cesium/camera';
import { stage } from '../cesium/open';
import { ApiError, getObject, locate } from '../client/api';
import type { CityObject } from '../client/types';
import { t, term } from '../i18n';
import { valueText } from '../i18n/values';
import { highlighted, layerInfo, language, selection, toast } from '../state/store';
import { AttributeTable } from './AttributeTable';
import { type Fact, FactList } from './FactList';
import { Icon } from './icons';
import { ObjectEnergy } from './ObjectEnergy';
import { ObjectFlood } from './ObjectFlood';
import { ObjectSensors } from './ObjectSensors';
import { Addresses, Findings, Parent, Parts, Provenance, Surfaces } from './InspectorSections';

/** The attributes that a person looks for first, in this order. */
const FACTS = [
  'name',
  'measuredHeight',
  'height',
  'storeysAboveGround',
  'yearOfConstruction',
  'usage',
  'function',
  'species',
  'diameter',
  'roofType',
];
const MOST_FACTS = 4;

type Reading = 'reading' | CityObject | ApiError;

function Facts({ object }: { object: CityObject }) {
  const attributes = object.attributes ?? {};
  const facts = FACTS.flatMap((name) => {
    const node = attributes[name];
    const value = node === undefined ? null : valueText(name, node);
    return value ? [[term('attr', name), value.text] satisfies Fact] : [];
  }).slice(0, MOST_FACTS);
  return <FactList as="glance" facts={facts} label={t('inspector.facts')} />;
}

function Actions({ object }: { object: CityObject }) {
  const goTo = () => {
    void locate(object.id)
      .then((position) => position && stage.value && flyToPlace(stage.value, ...position, 260))
      .catch(() => undefined);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(object.id);
    toast.value = { key: 'inspector.copied' };
  };
  return (
    <div class="actions">
      <button class="plain" onClick={goTo}>
        <Icon name="target" size={16} /> {t('inspector.zoom')}
      </button>
      <button class="plain" onClick={() => void copy().catch(() => undefined)}>
        <Icon name="copy" size={16} /> {t('inspector.copy')}
      </button>
    </div>
  );
}

/** An object's id, those of its parts, and that of what it is part of. */
function wholeAndParts({ id, children, parent }: CityObject): string[] {
  const whole = typeof parent === 'string' ? parent : parent?.id;
  return [id, ...(children ?? []).map((child) => child.id), ...(whole === undefined ? [] : [whole])];
}

function Details({ object }: { object: CityObject }) {
  const entries = Object.entries(object.attributes ?? {});
  return (
    <>
      <Parent object={object} />
      <Facts object={object} />
      <Actions object={object} />
      <ObjectEnergy ids={wholeAndParts(object)} />
      <ObjectFlood ids={[object.id, ...(object.children ?? []).map((child) => child.id)]} />
      <ObjectSensors />
      <Findings object={object} />
      <section>
        <h3>{t('inspector.attributes')}</h3>
        {entries.length > 0 ? (
          <AttributeTable entries={entries} />
        ) : (
          <p class="quiet">{t('inspector.attributes.none')}</p>
        )}
      </section>
      <Addresses object={object} />
      <Surfaces object={object} />
      <Parts object={object} />
      <Provenance object={object} />
    </>
  );
}

function Failure({ id, error, retry }: { id: string; error: ApiError; retry: () => void }) {
  const missing = error.status === 404;
  return (
    <div class="problem" role="alert">
      <p>
        {missing
          ? t('inspector.missing', { id })
          : t('inspector.error', { detail: error.detail || t('offline.title') })}
      </p>
      {!missing && (
        <button class="plain" onClick={retry}>
          {t('common.retry')}
        </button>
      )}
    </div>
  );
}

export function Inspector() {
  const reading = useSignal<Reading>('reading');
  const attempt = useSignal(0);

  useSignalEffect(() => {
    const id = selection.value;
    void attempt.value;
    highlighted.value = new Set(id === null ? [] : [id]);
    if (id === null) return undefined;
    const abort = new AbortController();
    reading.value = 'reading';
    getObject(id, abort.signal)
      .then((object) => {
        reading.value = object;
        highlighted.value = new Set([id, ...(object.children ?? []).map((child) => child.id)]);
      })
      .catch((error: unknown) => {
        if (!abort.signal.aborted)
          reading.value = error instanceof ApiError ? error : new ApiError(0, String(error));
      });
    return () => abort.abort();
  });

  const title = useComputed(() => {
    const now = reading.value;
    return now === 'reading' || now instanceof ApiError ? t('inspector.title') : term('class', now.class);
  });
  const id = selection.value;
  if (id === null) return null;
  const now = reading.value;
  const layer = now !== 'reading' && !(now instanceof ApiError) ? layerInfo(now.layer) : undefined;
  return (
    <aside class="panel inspector" aria-label={t('inspector.title')} data-covers="right">
      <div class="panel-head">
        <div>
          <h2>
            {title}
            {layer && <span class="quiet"> · {layer.title[language.value]}</span>}
          </h2>
          <p class="object-id">{id}</p>
        </div>
        <button
          class="round"
          aria-label={t('common.close')}
          title={t('common.close')}
          onClick={() => (selection.value = null)}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="panel-body" aria-live="polite" tabIndex={0}>
        {now === 'reading' ? (
          <p class="quiet">{t('inspector.loading')}</p>
        ) : now instanceof ApiError ? (
          <Failure id={id} error={now} retry={() => attempt.value++} />
        ) : (
          <Details object={now} />
        )}
      </div>
    </aside>
  );
}
