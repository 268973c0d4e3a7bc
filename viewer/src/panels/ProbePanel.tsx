/** The panel of something that was clicked of a flood: a heading, a few figures, and what follows. */
import type { ComponentChildren } from 'preact';
import { number } from '../i18n';
import { probe } from '../state/flood';
import { type Fact, FactList } from './FactList';
import { CloseButton } from './SideFrame';

export type { Fact } from './FactList';

export const placeText = ({ latitude, longitude }: { latitude: number; longitude: number }) =>
  `${number(latitude, 5)}, ${number(longitude, 5)}`;

interface Props {
  title: string;
  place: string;
  facts: Fact[];
  children?: ComponentChildren;
}

export function ProbePanel({ title, place, facts, children }: Props) {
  return (
    <aside class="panel inspector water-probe" aria-labelledby="probe-title" data-covers="right">
      <div class="panel-head">
        <div>
          <h2 id="probe-title">{title}</h2>
          <p class="object-id">{place}</p>
        </div>
        <CloseButton close={() => (probe.value = null)} />
      </div>
      <div class="panel-body" tabIndex={0} role="group" aria-labelledby="probe-title">
        <FactList as="glance" facts={facts} />
        {children}
      </div>
    </aside>
  );
}
