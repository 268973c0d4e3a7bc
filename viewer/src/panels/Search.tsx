/** One search box for objects, places and commands; a combobox with a listbox (WAI-ARIA 1.2 pattern). */
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { flyToPlace } from '../cesium/camera';
import { stage } from '../cesium/open';
import { ApiError, locate, searchObjects } from '../client/api';
import type { SearchResult } from '../client/types';
import { type Key, t, term } from '../i18n';
import type { SensorInfo } from '../client/sensorTypes';
import { propertyTerm, readingText, stateTerm } from '../i18n/readings';
import { findSensors, mainStream } from '../sensors/model';
import { commands } from '../state/commands';
import { readPlace } from '../state/coordinates';
import { crowd, pickSensor, sensors } from '../state/sensors';
import { layerInfo, language, selection } from '../state/store';
import { Icon, type IconName } from './icons';
import { flyToSensor } from './SensorInspector';

interface Option {
  key: string;
  icon: IconName;
  title: string;
  note: string;
  choose: () => void;
}

const WAIT_MS = 160;
const PLACE_RANGE = 400;
const LEAST_RANGE = 240;

async function flyToResult(result: SearchResult): Promise<void> {
  const range = Math.max(LEAST_RANGE, 1.2 * (result.range ?? 0));
  try {
    const position = result.position ?? (await locate(result.id));
    if (position && stage.value) flyToPlace(stage.value, ...position, range);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

function objectOption(result: SearchResult): Option {
  const layer = layerInfo(result.layer)?.title[language.value] ?? result.layer;
  const { matched } = result;
  const why = matched ? `${term('attr', matched.name.split('.')[0]!)}: ${String(matched.value)}` : layer;
  return {
    key: `object:${result.id}`,
    icon: 'cube',
    title: result.title || result.id,
    note: `${term('class', result.class)} · ${why}`,
    choose() {
      selection.value = result.id;
      void flyToResult(result);
    },
  };
}

const MOST_SENSORS = 12;

/** Words that a sensor is found by besides its name, in the reader's language and in the model's. */
const sensorWords = (sensor: SensorInfo) => [
  t(`sensors.kind.${sensor.kind}` as Key),
  sensor.kind,
  stateTerm(sensor.state),
  ...sensor.datastreams.flatMap((stream) => [stream.property, propertyTerm(stream.property)]),
];

function sensorOption(sensor: SensorInfo): Option {
  const stream = mainStream(sensor);
  const value = stream ? readingText(stream.property, stream.value, stream.unit) : '';
  return {
    key: `sensor:${sensor.id}`,
    icon: 'sensor',
    title: sensor.name,
    note: [t(`sensors.kind.${sensor.kind}` as Key), stateTerm(sensor.state), value]
      .filter(Boolean)
      .join(' · '),
    choose() {
      crowd.value = [];
      pickSensor(sensor.id);
      flyToSensor(sensor);
    },
  };
}

function placeOptions(text: string): Option[] {
  const place = readPlace(text);
  if (!place) return [];
  const [lat, lon] = [place.lat.toFixed(5), place.lon.toFixed(5)];
  return [
    {
      key: 'place',
      icon: 'place',
      title: t('search.place', { lat, lon }),
      note: t('search.places'),
      choose() {
        if (!stage.value) return;
        flyToPlace(stage.value, place.lon, place.lat, stage.value.city.home.height, PLACE_RANGE);
      },
    },
  ];
}

function commandOptions(text: string): Option[] {
  const wanted = text.trim().toLowerCase();
  return commands()
    .filter((command) => t(command.label).toLowerCase().includes(wanted) || command.id.includes(wanted))
    .map((command) => ({
      key: `command:${command.id}`,
      icon: command.icon,
      title: t(command.label),
      note: t('search.commands'),
      choose: command.run,
    }));
}

export function Search() {
  const text = useSignal('');
  const open = useSignal(false);
  const active = useSignal(0);
  const found = useSignal<SearchResult[]>([]);
  const asked = useSignal('');
  const failure = useSignal<string | null>(null);
  const input = useRef<HTMLInputElement>(null);

  useSignalEffect(() => {
    const query = text.value.trim();
    failure.value = null;
    if (query === '') {
      found.value = [];
      asked.value = '';
      return undefined;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      searchObjects(query, abort.signal)
        .then((results) => {
          found.value = results;
          asked.value = query;
          active.value = 0;
        })
        .catch((error: unknown) => {
          if (error instanceof ApiError) failure.value = error.detail || t('offline.title');
        });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  });

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);

  const options = useComputed<Option[]>(() => {
    if (text.value.trim() === '') return commandOptions('');
    const measured = findSensors(sensors.value.values(), text.value, sensorWords);
    return [
      ...placeOptions(text.value),
      ...measured.slice(0, MOST_SENSORS).map(sensorOption),
      ...found.value.map(objectOption),
      ...commandOptions(text.value),
    ];
  });

  const choose = (option: Option | undefined) => {
    if (!option) return;
    open.value = false;
    input.current?.blur();
    option.choose();
  };
  const keys = (event: KeyboardEvent) => {
    const count = options.value.length;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && count > 0) {
      event.preventDefault();
      open.value = true;
      active.value = (active.value + step + count) % count;
      document.getElementById(`option-${active.value}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      choose(options.value[active.value]);
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      if (text.value) text.value = '';
      else input.current?.blur();
    }
  };

  const settled = text.value.trim() !== '' && asked.value === text.value.trim();
  const nothing = settled && options.value.length === 0;
  return (
    <div class="search" role="search">
      <div class="panel search-box">
        <Icon name="search" />
        <input
          ref={input}
          type="text"
          role="combobox"
          aria-label={t('search.label')}
          aria-expanded={open.value}
          aria-controls="search-options"
          aria-autocomplete="list"
          aria-activedescendant={
            open.value && options.value.length > 0 ? `option-${active.value}` : undefined
          }
          placeholder={t('search.placeholder')}
          autocomplete="off"
          spellcheck={false}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            active.value = 0;
            open.value = true;
          }}
          onFocus={() => (open.value = true)}
          onBlur={() => (open.value = false)}
          onKeyDown={keys}
        />
        <kbd aria-hidden="true">{t('search.key')}</kbd>
      </div>
      {open.value && (
        <div class="panel search-results" onMouseDown={(event) => event.preventDefault()}>
          {failure.value !== null && (
            <p class="problem" role="alert">
              {t('search.error', { detail: failure.value })}
            </p>
          )}
          {nothing && (
            <p class="quiet">
              {t('search.empty', { query: text.value.trim() })} {t('search.hint')}
            </p>
          )}
          <ul id="search-options" role="listbox" aria-label={t('search.label')}>
            {options.value.map((option, index) => (
              <li
                key={option.key}
                id={`option-${index}`}
                role="option"
                aria-selected={index === active.value}
                onMouseEnter={() => (active.value = index)}
                onClick={() => choose(option)}
              >
                <Icon name={option.icon} />
                <span class="option-title">{option.title}</span>
                <span class="option-note">{option.note}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <p class="unseen" aria-live="polite">
        {settled ? t('search.count', { count: found.value.length }) : ''}
      </p>
    </div>
  );
}
