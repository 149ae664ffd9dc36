/** What the look-ups found, as a section. Pure. */
import type { FailureKind } from '../errors.js';
import { GIVE_GOOGLE } from '../preflight/index.js';
import type { EndpointReport, Finding, LeafCode } from '../verify/index.js';
import { kindName } from '../verify/report.js';
import type { GoneOfEndpoint } from '../verify/sample.js';
import { countOf, type Item, type Section, type State, sectionOf } from './section.js';

/** An endpoint that was not looked up through, and why. */
export interface UnprovenEndpoint {
  readonly endpoint: string;
  /** One sentence without a full stop. */
  readonly why: string;
  readonly next: readonly string[];
  /** The kind of failure that it amounts to; absent where it is rightly left alone. */
  readonly failure?: FailureKind;
}

export interface LookUpResults {
  readonly reports: readonly EndpointReport[];
  /** Who has left since the last sweep: of whom nothing is known, and no fault for it. */
  readonly gone: readonly GoneOfEndpoint[];
  readonly unproven: readonly UnprovenEndpoint[];
  /** What the diagnosis could not look at, and why. */
  readonly notLookedAt: readonly string[];
}

/** Notes that somebody has to act on; the others tell of what is meant to be so, or of the place from which is looked. */
const NOTES_TO_ACT_ON: readonly LeafCode[] = ['CI-CALENDAR-BUSY-ONLY', 'CI-TLS-EXPIRES-SOON'];

/**
 * Where an endpoint should have been looked up through and was not, the section is not fine however well the others work, and the way
 * out of it is told first; only that of a fault comes before.
 */
export function verifySection({ reports, gone, unproven, notLookedAt }: LookUpResults): Section {
  const items = [
    ...reports.flatMap(endpointItems),
    ...gone.map(goneItem),
    ...unproven.map(unprovenItem),
    ...notLookedAt.map((what): Item => ({ state: 'notChecked', id: 'verify.not-looked-at', what, next: [] })),
  ];
  const section = sectionOf('verify', summaryOf(reports, unproven, items), items);
  const failed = unproven.filter((one) => one.failure !== undefined);
  const failure = failed[0]?.failure;
  if (failure === undefined) return section;
  const ways = failed.flatMap(({ next }) => next);
  const next = section.state === 'fault' ? [...section.next, ...ways] : [...ways, ...section.next];
  const state = section.state === 'ok' ? 'notChecked' : section.state;
  return { ...section, state, next: [...new Set(next)], failure };
}

function summaryOf(
  reports: readonly EndpointReport[],
  unproven: readonly UnprovenEndpoint[],
  items: readonly Item[],
): string {
  const total = reports.length + unproven.length;
  if (reports.length === 0) return unproven[0]?.why ?? 'there is no endpoint';
  const working = reports.filter(({ works }) => works).length;
  const faults = countOf(items, 'fault');
  const words = [
    `${working} of ${total === 1 ? '1 endpoint works' : `${total} endpoints work`}`,
    ...(faults === 0 ? [] : [`${faults} ${faults === 1 ? 'fault' : 'faults'}`]),
    ...(unproven.length === 0 ? [] : [`${unproven.length} not checked`]),
  ];
  return words.join(', ');
}

function endpointItems(report: EndpointReport): readonly Item[] {
  const { endpoint, kind, works, attendees, findings, requests, seconds } = report;
  const reached = attendees.filter((attendee) => attendee.reached).length;
  const name = `${endpoint}, ${kindName(kind)}`;
  const unchecked = attendees.filter(({ google }) => google === 'notChecked').length;
  const google: Item = {
    state: 'notChecked',
    id: 'verify.google',
    what: `${name}: whether people have Google Calendar turned off`,
    found: `${unchecked} of ${attendees.length} not looked up at Google`,
    next: [GIVE_GOOGLE],
  };
  return [
    ...(works
      ? [
          {
            state: 'ok' as const,
            id: `verify.${endpoint}`,
            what: `${name}: ${reached} of ${attendees.length} calendars answered`,
            found: `${requests === 1 ? '1 request' : `${requests} requests`}, ${seconds.toFixed(1)} s`,
            next: [],
          },
        ]
      : []),
    ...byCode(findings).map((same) => findingItem(endpoint, same)),
    ...(unchecked === 0 ? [] : [google]),
  ];
}

/** Findings of one code are one item: a thousand closed calendars have one cause. */
function byCode(findings: readonly Finding[]): readonly (readonly [Finding, ...Finding[]])[] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const found of findings) {
    const group = groups.get(found.code);
    if (group === undefined) groups.set(found.code, [found]);
    else group.push(found);
  }
  return [...groups.values()];
}

const MOST_NAMED = 10;

function findingItem(endpoint: string, same: readonly [Finding, ...Finding[]]): Item {
  const [first] = same;
  const more = same.length > MOST_NAMED ? ` (and ${same.length - MOST_NAMED} more)` : '';
  const google = first.google === undefined ? '' : `; Google says "${first.google}"`;
  const state = stateOf(first);
  return {
    state,
    id: first.code,
    what: `${endpoint}: ${first.what}${first.unconfirmed === undefined ? '' : ` (UNCONFIRMED: ${first.unconfirmed})`}`,
    about: same.slice(0, MOST_NAMED).map(({ about }) => about),
    found: `${first.evidence}${google}${more}`,
    next: state === 'ok' ? [] : first.mend,
  };
}

function stateOf({ code, grave }: Finding): State {
  if (grave === 'fault') return 'fault';
  return NOTES_TO_ACT_ON.includes(code) ? 'attention' : 'ok';
}

/** Not checked, since nobody can: it is told, and changes no verdict. */
function goneItem({ endpoint, addresses }: GoneOfEndpoint): Item {
  const people = addresses.length === 1 ? 'somebody' : `${addresses.length} people`;
  return {
    state: 'notChecked',
    id: 'verify.gone',
    what: `${endpoint}: ${people} of the last sweep whom Exchange does not know any more, left out`,
    about: addresses,
    next: [],
  };
}

function unprovenItem({ endpoint, why, next }: UnprovenEndpoint): Item {
  return { state: 'notChecked', id: `verify.${endpoint}`, what: `${endpoint}: ${why}`, next };
}
