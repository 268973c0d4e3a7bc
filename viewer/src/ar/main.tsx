/** Starts the AR page: reads the link, asks for the city, and gives the picture its hands. */
import 'pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css';
import './ar.css';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { t } from '../i18n';
import { followPreferences, startPreferences } from '../state/preferences';
import { cityError, language, vacancy, webglMissing } from '../state/store';
import { letGo, openCity, readKept } from './actions';
import { App, type Doings } from './App';
import { followHands, tapMiddle } from './hands';
import { readLink } from './link';
import { Stage } from './stage';
import { followPage, leave, linkedPosition, standInCity, startHere } from './start';
import { about, look, mode, picked, position } from './state';
import { View } from './view';

const link = readLink(location.hash);
startPreferences({
  ...(link.language && { language: link.language }),
  ...(link.theme && { theme: link.theme }),
});

let view: View | null = null;
let video: HTMLVideoElement | null = null;

const doings: Doings = {
  mount(canvas, feed) {
    video = feed;
    try {
      view = new View(new Stage(canvas));
      followHands(view);
    } catch {
      webglMissing.value = true;
    }
  },
  start: () => void (view && video && startHere(view, video, link)),
  stand: () => void (view && standInCity(view)),
  back() {
    letGo();
    leave();
  },
  middle: () => view && tapMiddle(view),
  walk: (metres) => view?.walk(metres, 0),
};

async function open(): Promise<void> {
  const wrong = await openCity(link.layers);
  if (wrong === 'error.empty' || wrong === 'error.nowhere') vacancy.value = wrong;
  else if (wrong) cityError.value = t(wrong);
  else await readKept();
}

/** For tests, and for people who write their own client. */
const told = {
  pose: () => ({ ...position.value, ...look.value }),
  mode: () => mode.value,
  scene: () => about.value,
  ready: () => view?.ready,
  marked: () => view?.stage.marked() ?? 0,
  picked: () => picked.value?.hits.map((hit) => hit.id) ?? null,
  project: (lon: number, lat: number, height: number) =>
    view?.frame ? view.stage.project(view.frame.local({ lon, lat, height })) : null,
};
Object.assign(window, { ar: told });

render(<App doings={doings} linked={linkedPosition(link) !== null} />, document.getElementById('app')!);
followPreferences();
followPage();
effect(() => {
  document.title = t('ar.title');
  document.documentElement.lang = language.value;
});
void open();
