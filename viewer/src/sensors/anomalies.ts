/** Anomalous hours as people look at them: those that follow each other are one episode, the furthest stands for it. */
import type { Anomaly } from '../client/sensorTypes';

const HOUR = 3_600_000;

export interface Episode {
  /** The hour that lies furthest from what is usual. */
  furthest: Anomaly;
  /** From the first hour's beginning to the last one's end [ms]. */
  from: number;
  to: number;
}

/** Episodes of all datastreams, the furthest from what is usual first. */
export function episodesOf(anomalies: Anomaly[]): Episode[] {
  const inOrder = [...anomalies].sort((a, b) => a.datastream - b.datastream || a.time - b.time);
  const found: Episode[] = [];
  for (const hour of inOrder) {
    const last = found.at(-1);
    const to = hour.time + HOUR;
    const sameSide = last && Math.sign(last.furthest.z) === Math.sign(hour.z);
    if (last && sameSide && last.furthest.datastream === hour.datastream && last.to === hour.time) {
      last.to = to;
      if (Math.abs(hour.z) > Math.abs(last.furthest.z)) last.furthest = hour;
    } else found.push({ furthest: hour, from: hour.time, to });
  }
  return found.sort((a, b) => Math.abs(b.furthest.z) - Math.abs(a.furthest.z));
}
