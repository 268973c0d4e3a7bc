/** Starts the viewer: reads the link, asks for the city, opens the scene, and keeps link and page in step. */
import 'pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css';
import 'uplot/dist/uPlot.min.css';
import './styles/base.css';
import './styles/header.css';
import './styles/panel.css';
import './styles/layers.css';
import './styles/inspector.css';
import './styles/tools.css';
import './styles/time.css';
import './styles/notices.css';
import './styles/sensors.css';
import './styles/chart.css';
import './styles/alerts.css';
import './styles/runs.css';
import './styles/warnings.css';
import './styles/sun.css';
import './styles/energy.css';
import './styles/phone.css';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app';
import { openCity } from './cesium/open';
import { ApiError, getCity, offline } from './client/api';
import type { City, PlacedCity } from './client/types';
import { t } from './i18n';
import { cityTitle } from './panels/Header';
import { followDay } from './state/dayData';
import { followEnergy } from './state/energy';
import { followFlood } from './state/flood';
import { followPlan } from './state/plan';
import { followFinished } from './state/shownRun';
import { followSunPath } from './state/sunPath';
import { followSun } from './state/sunRun';
import { followWarnings } from './state/warnings';
import { followLayerReadings } from './state/layerReadings';
import { followPreferences, startPreferences } from './state/preferences';
import { followRuns } from './state/runs';
import { readHash } from './state/share';
import { followSensors } from './state/sensors';
import { followLink, startState } from './state/start';
import { city, cityError, language, sceneError, vacancy, webglMissing } from './state/store';

const linked = readHash(location.hash);
startPreferences(linked);

const container = new Promise<HTMLElement>((mount) => {
  render(<App mount={mount} />, document.getElementById('app')!);
});

const isPlaced = (described: City): described is PlacedCity =>
  described.home !== null && described.bbox !== null;

async function show(described: PlacedCity): Promise<void> {
  startState(described, linked);
  followSensors();
  followLayerReadings();
  followDay();
  followRuns();
  followFlood();
  followWarnings();
  followSun();
  followEnergy();
  followSunPath();
  followPlan();
  followFinished();
  if (!document.createElement('canvas').getContext('webgl2')) {
    webglMissing.value = true;
    return;
  }
  try {
    const stage = await openCity(await container, described, linked.camera);
    stage.scene.canvas.setAttribute('role', 'application');
    effect(() => stage.scene.canvas.setAttribute('aria-label', t('map.label')));
    followLink();
  } catch (error) {
    sceneError.value = String(error);
  }
}

async function start(): Promise<void> {
  try {
    const described = await getCity();
    cityError.value = null;
    city.value = described;
    if (isPlaced(described)) await show(described);
    else vacancy.value = described.layers.length === 0 ? 'error.empty' : 'error.nowhere';
  } catch (error) {
    cityError.value = error instanceof ApiError ? error.detail : String(error);
    if (!offline.value) return;
    const stop = offline.subscribe((away) => {
      if (away) return;
      queueMicrotask(() => stop());
      void start();
    });
  }
}

followPreferences();
effect(() => {
  document.title = cityTitle();
  document.documentElement.lang = language.value;
});
void start();
