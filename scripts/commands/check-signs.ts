/** How the outcome of a check looks, in all commands that have checks. */
import type { CheckState } from '../../infra/preflight/index.js';
import type { Tone } from '../terminal.js';

export const CHECK_SIGNS: Readonly<Record<CheckState, readonly [string, Tone]>> = {
  ok: ['✓', 'good'],
  fault: ['✗', 'bad'],
  notChecked: ['–', 'warn'],
};
