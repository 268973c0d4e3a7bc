/** The page: the map below, the panels above it. */
import { useEffect } from 'preact/hooks';
import { t } from './i18n';
import { BasinProbe } from './panels/BasinProbe';
import { Chart } from './panels/Chart';
import { CostsPanel } from './panels/CostsPanel';
import { Credits } from './panels/Credits';
import { DaylightList } from './panels/DaylightList';
import { DistrictPanel } from './panels/DistrictPanel';
import { DrainProbe } from './panels/DrainProbe';
import { Header } from './panels/Header';
import { Inspector } from './panels/Inspector';
import { Layers } from './panels/Layers';
import { Notices, Progress } from './panels/Notices';
import { PlanHandles, PlanSplit } from './panels/PlanHandles';
import { PlanPanel } from './panels/PlanPanel';
import { PhoneBar } from './panels/PhoneBar';
import { RetrofitPanel } from './panels/RetrofitPanel';
import { SensorInspector } from './panels/SensorInspector';
import { SidePanel } from './panels/SidePanel';
import { Simulate } from './panels/Simulate';
import { SunSpot } from './panels/SunSpot';
import { StagedNote, TimeBar } from './panels/TimeBar';
import { ToolBar } from './panels/ToolBar';
import { Drawing, ToolReadout } from './panels/ToolReadout';
import { WaterProbe } from './panels/WaterProbe';
import { probe } from './state/flood';
import { pickedSensor } from './state/sensors';
import { selection, sheet, sidePanel, tool } from './state/store';

/** Escape leaves the innermost thing: tool, then sheet, then pick. */
function escape(event: KeyboardEvent): void {
  if (event.key !== 'Escape') return;
  if (tool.value !== null) tool.value = null;
  else if (sheet.value !== null) sheet.value = null;
  else if (selection.value !== null) selection.value = null;
  else if (pickedSensor.value !== null) pickedSensor.value = null;
  else if (probe.value !== null) probe.value = null;
  else sidePanel.value = null;
}

export function App({ mount }: { mount: (container: HTMLElement) => void }) {
  useEffect(() => {
    addEventListener('keydown', escape);
    return () => removeEventListener('keydown', escape);
  }, []);
  return (
    <>
      <a
        class="skip"
        href="#map"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>('#map canvas')?.focus();
        }}
      >
        {t('app.skip')}
      </a>
      <Progress />
      <Header />
      <Layers />
      <main
        id="map"
        ref={(element) => {
          if (element) mount(element);
        }}
      />
      <Drawing />
      <PlanSplit />
      <PlanHandles />
      <Inspector />
      <SensorInspector />
      <WaterProbe />
      <BasinProbe />
      <DrainProbe />
      <SunSpot />
      <SidePanel />
      <Simulate />
      <PlanPanel />
      <DaylightList />
      <DistrictPanel />
      <RetrofitPanel />
      <CostsPanel />
      <ToolBar />
      <div class="bottom">
        <Chart />
        <ToolReadout />
        <StagedNote />
        <TimeBar />
        <PhoneBar />
      </div>
      <Credits />
      <Notices />
    </>
  );
}
