/** What was changed behind Pulumi's back, as a section. Pure. */
import { type Item, type Section, sectionOf } from './section.js';

/** A resource that is not as the state has it. Values stay out of it: they may be secret. */
export interface DriftedResource {
  /** Pulumi's word: `delete` where it is gone. */
  readonly op: string;
  readonly type: string;
  readonly name: string;
  /** Names of the properties that differ. */
  readonly properties: readonly string[];
}

/** @param unseen what was left out of the look, one sentence each */
export function driftSection(
  stack: string,
  drifted: readonly DriftedResource[],
  unseen: readonly string[] = [],
): Section {
  const left = unseen.map((what) => unseenItem(stack, what));
  if (drifted.length === 0) {
    const what =
      left.length === 0
        ? 'the tenant is as this stack made it'
        : 'what was looked at is as this stack made it';
    return sectionOf('drift', what, [{ state: 'ok', id: 'drift.none', what, next: [] }, ...left]);
  }
  const count = drifted.length === 1 ? '1 resource is' : `${drifted.length} resources are`;
  const items = drifted.map((resource) => driftItem(stack, resource));
  return sectionOf('drift', `${count} not as this stack made it`, [...items, ...left]);
}

function unseenItem(stack: string, what: string): Item {
  return {
    state: 'notChecked',
    id: 'drift.calendars',
    what,
    next: [`calendar-interop visibility plan --stack ${stack}   # reads them all`],
  };
}

function driftItem(stack: string, { op, type, name, properties }: DriftedResource): Item {
  const gone = op === 'delete';
  return {
    state: 'fault',
    id: `drift.${type}.${name}`,
    what: `${type} ${name} was ${gone ? 'deleted' : 'changed'} behind our back`,
    ...(gone || properties.length === 0
      ? {}
      : { found: `other than in the state: ${properties.join(', ')}` }),
    next: [
      `calendar-interop up --refresh --stack ${stack}   # makes it as declared`,
      `calendar-interop drift --stack ${stack}`,
    ],
  };
}
