/** Local dates and minutes of a named time zone, by the browser's own zone tables. */
const MINUTE = 60_000;

/** How far the zone's clock is ahead of UTC at an instant [ms]. */
export function zoneOffset(epochMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(epochMs);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const local = Date.UTC(
    read('year'),
    read('month') - 1,
    read('day'),
    read('hour'),
    read('minute'),
    read('second'),
  );
  return local - Math.floor(epochMs / 1000) * 1000;
}

/** The zone's local date (YYYY-MM-DD) and minute of that day. */
export function toLocal(epochMs: number, zone: string): { date: string; minute: number } {
  const local = new Date(epochMs + zoneOffset(epochMs, zone));
  return {
    date: local.toISOString().slice(0, 10),
    minute: local.getUTCHours() * 60 + local.getUTCMinutes(),
  };
}

/** The instant of a local date and minute; in a skipped hour, the one that the clock jumps to. */
export function fromLocal(date: string, minute: number, zone: string): number {
  const wall = Date.parse(`${date}T00:00:00Z`) + minute * MINUTE;
  const guess = wall - zoneOffset(wall, zone);
  return wall - zoneOffset(guess, zone);
}

/** The zone's short name with its offset, as the reader's language writes it. */
export function zoneName(epochMs: number, zone: string, language: string): string {
  const parts = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: 'short' }).formatToParts(
    epochMs,
  );
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}
