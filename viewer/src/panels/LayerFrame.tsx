/** What every layer of the list has: eye, name, a word on its state, and details that open under it. */
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { t } from '../i18n';
import { Icon } from './icons';

interface FrameProps {
  title: string;
  visible: boolean;
  toggle: () => void;
  /** Whether there is nothing to show. */
  disabled?: boolean;
  /** At the right of the name, and what it says in full. */
  state: ComponentChildren;
  stateTitle?: string | undefined;
  grip?: ComponentChildren;
  expanded: Signal<boolean>;
  /** Between the row and the details, also while these are folded. */
  below?: ComponentChildren;
  children?: ComponentChildren;
}

export function LayerFrame(props: FrameProps) {
  const { title, visible, toggle, disabled, state, stateTitle, grip, expanded, below, children } = props;
  return (
    <div class={`layer ${visible ? '' : 'layer-off'}`}>
      <div class="layer-row">
        {grip ?? <span class="grip" />}
        <button
          class="round small"
          role="switch"
          aria-checked={visible}
          aria-label={t('layers.show', { layer: title })}
          disabled={disabled}
          onClick={toggle}
        >
          <Icon name={visible ? 'eye' : 'eyeOff'} size={17} />
        </button>
        <button
          class="layer-name"
          aria-expanded={expanded.value}
          aria-label={t('layers.details', { layer: title })}
          onClick={() => (expanded.value = !expanded.value)}
        >
          <span>{title}</span>
          <span class="layer-count" title={stateTitle}>
            {state}
          </span>
          <Icon name="chevron" size={14} />
        </button>
      </div>
      {below}
      {expanded.value && children && <div class="layer-details">{children}</div>}
    </div>
  );
}

interface OpacityProps {
  title: string;
  /** 0 to 1. */
  opacity: number;
  /** The least that can be chosen [%]. */
  least?: number;
  change: (opacity: number) => void;
}

export function OpacityField({ title, opacity, least = 10, change }: OpacityProps) {
  return (
    <label class="field">
      <span>{t('layers.opacity.short')}</span>
      <input
        type="range"
        min={least}
        max="100"
        step="5"
        aria-label={t('layers.opacity', { layer: title })}
        value={Math.round(opacity * 100)}
        onInput={(event) => change(event.currentTarget.valueAsNumber / 100)}
      />
    </label>
  );
}

export interface Choice<T extends string> {
  value: T;
  label: string;
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  choices: Choice<T>[];
  change: (value: T) => void;
}

/** One of some named values. */
export function ChoiceField<T extends string>({ label, value, choices, change }: ChoiceProps<T>) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => change(event.currentTarget.value as T)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}
