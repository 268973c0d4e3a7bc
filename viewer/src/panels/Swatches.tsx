/** Colours with what they mean. */
export function Swatches({ items }: { items: { colour: string; label: string; round?: boolean }[] }) {
  return (
    <ul class="swatches">
      {items.map(({ colour, label, round }) => (
        <li key={label}>
          <span class={round ? 'swatch round-swatch' : 'swatch'} style={{ background: colour }} />
          <span>{label}</span>
        </li>
      ))}
    </ul>
  );
}
