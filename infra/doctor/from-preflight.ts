/** What preflight found, as a section. Pure. */
import type { Check } from '../preflight/index.js';
import { countOf, type Item, type Section, sectionOf } from './section.js';

export function preflightSection(checks: readonly Check[]): Section {
  const items = checks.map(
    ({ id, state, what, found, allowed, next }): Item => ({
      id,
      state,
      what,
      ...(found === undefined ? {} : { found }),
      ...(allowed === undefined ? {} : { allowed }),
      next: next === undefined ? [] : [next],
    }),
  );
  const [faults, unknown] = [countOf(items, 'fault'), countOf(items, 'notChecked')];
  const words = [
    ...(faults === 0 ? [] : [`${faults} ${faults === 1 ? 'fault' : 'faults'}`]),
    `${countOf(items, 'ok')} fine`,
    ...(unknown === 0 ? [] : [`${unknown} not checked`]),
  ];
  return sectionOf('preflight', words.join(', '), items);
}
