/** The frame of a panel at the right: when it is shown, and a heading that takes the focus, with a button to close. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { probe } from '../state/flood';
import { pickedSensor } from '../state/sensors';
import { selection, sheet, type SidePanel, sidePanel } from '../state/store';
import { Icon } from './icons';

/** Whether a panel is the one chosen; what is picked on the map goes before it. */
export const sideShown = (panel: SidePanel) =>
  sidePanel.value === panel &&
  selection.value === null &&
  pickedSensor.value === null &&
  probe.value === null;

/** Opens a panel in place of what is picked. */
export const openSide = (panel: SidePanel) => toggleSide(panel, false);

/** Opens a panel in place of what is picked, or closes it where it was shown. */
export function toggleSide(panel: SidePanel, shown: boolean): void {
  selection.value = null;
  pickedSensor.value = null;
  probe.value = null;
  sheet.value = null;
  sidePanel.value = shown ? null : panel;
}

export function CloseButton({ close }: { close: () => void }) {
  return (
    <button class="round" aria-label={t('common.close')} title={t('common.close')} onClick={close}>
      <Icon name="close" />
    </button>
  );
}

export const closeSide = () => (sidePanel.value = null);

interface Props {
  /** Of its class, and of its heading's id. */
  name: SidePanel;
  title: string;
  children: ComponentChildren;
}

export function SideFrame({ name, title, children }: Props) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus({ preventScroll: true }), []);
  return (
    <aside class={`panel inspector ${name}`} aria-labelledby={`${name}-title`} data-covers="right">
      <div class="panel-head">
        <h2 id={`${name}-title`} ref={head} tabIndex={-1}>
          {title}
        </h2>
        <CloseButton close={closeSide} />
      </div>
      <div class={`panel-body ${name}-body`} tabIndex={0} role="group" aria-labelledby={`${name}-title`}>
        {children}
      </div>
    </aside>
  );
}
