/** Colours of storm drains: of pipes by how full they are, of nodes by where their water stands. */
import { GRADES } from '../layers/ramps';
import { type NodeState, FILL_GRADES } from './sewers';

const [SOME, MUCH, , ALL] = GRADES;
/** For each of `FILL_GRADES`. */
export const DRAIN_COLOURS: readonly string[] = ['#3f8fb0', SOME, MUCH, ALL].slice(0, FILL_GRADES.length);
export const NODE_COLOURS: Record<NodeState, string> = { free: '#5a6673', surcharged: MUCH, over: ALL };
