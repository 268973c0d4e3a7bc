/** Open alerts, the gravest first, and those that have ended. */
import { useSignal } from '@preact/signals';
import { locate } from '../client/api';
import type { Alert, AlertState, Severity } from '../client/sensorTypes';
import { flyToPlace } from '../cesium/camera';
import { stage } from '../cesium/open';
import { dateTime, type Key, t } from '../i18n';
import { ago, propertyTerm, readingText } from '../i18n/readings';
import {
  acknowledgeAlert,
  alertsError,
  clearedAlerts,
  openAlerts,
  readAlerts,
  type Refusal,
} from '../state/alerts';
import { addToChart } from '../state/charts';
import { crowd, pickSensor, sensors } from '../state/sensors';
import { language, selection, zone } from '../state/store';
import { Icon, type IconName } from './icons';
import { flyToSensor } from './SensorInspector';
import { TokenForm } from './TokenForm';

const SIGNS: Record<Severity, IconName> = { critical: 'octagon', warning: 'warning', info: 'info' };
const OBJECT_RANGE = 220;

function goTo(alert: Alert): void {
  const sensor = alert.thing === null ? undefined : sensors.value.get(alert.thing);
  if (sensor) {
    crowd.value = [];
    pickSensor(sensor.id);
    flyToSensor(sensor);
  } else if (alert.object_id !== null) {
    selection.value = alert.object_id;
    void locate(alert.object_id)
      .then((at) => at && stage.value && flyToPlace(stage.value, ...at, OBJECT_RANGE))
      .catch(() => undefined);
  }
}

function Where({ alert }: { alert: Alert }) {
  const sensor = alert.thing === null ? undefined : sensors.value.get(alert.thing);
  const name = sensor?.name ?? alert.object_id;
  if (!name) return null;
  return (
    <button class="plain where" aria-label={t('alerts.goto', { place: name })} onClick={() => goTo(alert)}>
      <Icon name="target" size={15} /> {name}
    </button>
  );
}

function Numbers({ alert }: { alert: Alert }) {
  const sensor = alert.thing === null ? undefined : sensors.value.get(alert.thing);
  const stream = sensor?.datastreams.find((one) => one.id === alert.datastream);
  if (alert.value === null) return null;
  const limit =
    alert.threshold === null
      ? ''
      : t('alerts.limit', { limit: readingText('', alert.threshold, alert.unit) });
  return (
    <p class="alert-numbers">
      {stream && <span class="quiet">{propertyTerm(stream.property)}</span>}{' '}
      <b>{readingText('', alert.value, alert.unit)}</b> <span class="quiet">{limit}</span>
    </p>
  );
}

const EVENTS: Record<AlertState, Key> = {
  raised: 'alerts.raised',
  acknowledged: 'alerts.acknowledged',
  cleared: 'alerts.cleared',
};

function History({ alert }: { alert: Alert }) {
  return (
    <details class="alert-history">
      <summary>{t('alerts.history')}</summary>
      <ol>
        {alert.history.map((event, index) => (
          <li key={index}>
            <span>{dateTime(event.at, zone.value)}</span> {t(EVENTS[event.state])}
            {event.who && ` · ${event.who}`}
            {event.value != null && ` · ${readingText('', event.value, alert.unit)}`}
            {event.note && <small>{event.note}</small>}
          </li>
        ))}
      </ol>
    </details>
  );
}

function refusalText(refusal: Exclude<Refusal, 'token'>): string {
  if (refusal === 'unknown') return t('alerts.token.unknown');
  if (refusal === 'forbidden') return t('alerts.token.forbidden');
  return t('alerts.refused', { detail: refusal.detail || t('offline.title') });
}

/** Acknowledges; asks for a token when there is none or it does not do. */
function Acknowledge({ alert }: { alert: Alert }) {
  const refusal = useSignal<Refusal | null>(null);
  const busy = useSignal(false);
  const act = async () => {
    busy.value = true;
    refusal.value = await acknowledgeAlert(alert.id);
    busy.value = false;
  };
  const asks = refusal.value === 'token' || refusal.value === 'unknown' || refusal.value === 'forbidden';
  return (
    <>
      <button class="plain" disabled={busy.value} onClick={() => void act()}>
        <Icon name="check" size={15} /> {t('alerts.acknowledge')}
      </button>
      {refusal.value !== null && refusal.value !== 'token' && (
        <p class="problem" role="alert">
          {refusalText(refusal.value)}
        </p>
      )}
      {asks && <TokenForm busy={busy.value} done={() => void act()} />}
    </>
  );
}

function Item({ alert }: { alert: Alert }) {
  const now = Date.now();
  const open = alert.state !== 'cleared';
  const since = alert.cleared_at ?? alert.acknowledged_at ?? alert.raised_at;
  return (
    <li class={`alert-item ${alert.severity} ${alert.state}`}>
      <Icon name={SIGNS[alert.severity]} size={20} />
      <div>
        <h3>{alert.title[language.value]}</h3>
        <p class="alert-when">
          <b>{t(`alerts.severity.${alert.severity}` as Key)}</b>
          {' · '}
          <span title={dateTime(since, zone.value)}>
            {t(EVENTS[alert.state])} {ago(since, now)}
          </span>
        </p>
        <Numbers alert={alert} />
        <div class="alert-actions">
          <Where alert={alert} />
          {alert.datastream !== null && (
            <button class="plain" onClick={() => addToChart(alert.datastream!)}>
              <Icon name="chart" size={15} /> {t('charts.title')}
            </button>
          )}
          {open && alert.state === 'raised' && <Acknowledge alert={alert} />}
        </div>
        <History alert={alert} />
      </div>
    </li>
  );
}

export function AlertList() {
  return (
    <>
      {alertsError.value !== null && (
        <div class="problem" role="alert">
          <p>{t('alerts.error', { detail: alertsError.value || t('offline.title') })}</p>
          <button class="plain" onClick={() => void readAlerts()}>
            {t('common.retry')}
          </button>
        </div>
      )}
      {openAlerts.value.length > 0 ? (
        <ul class="alerts" aria-label={t('alerts.open', { count: openAlerts.value.length })}>
          {openAlerts.value.map((alert) => (
            <Item key={alert.id} alert={alert} />
          ))}
        </ul>
      ) : (
        <p class="quiet calm">{t('alerts.none')}</p>
      )}
      {clearedAlerts.value.length > 0 && (
        <details class="cleared">
          <summary>{t('alerts.past', { count: clearedAlerts.value.length })}</summary>
          <ul class="alerts">
            {clearedAlerts.value.map((alert) => (
              <Item key={alert.id} alert={alert} />
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
