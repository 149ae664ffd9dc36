/** The steps at Google's console, each with its state: proven by evidence, done because somebody said so, or open. Pure. */
import { GOOGLE_CONSOLE_PATH } from '../endpoints/google-forms.js';
import { EVIDENCE_NAMES, type EvidenceKind, type Sighting } from './evidence.js';
import type { EndpointSheet, HandoffSheet, StackSheet } from './sheet.js';

export type StepState = 'proven' | 'done' | 'open';

export interface Step {
  /** Stays the same for one secret: ticks are kept by it. */
  readonly id: string;
  readonly title: string;
  /** What to click or to do, one sentence each. */
  readonly what: readonly string[];
  readonly state: StepState;
  /** Why it counts as done. */
  readonly found: string | undefined;
  /** A person may say that it is done; else only evidence can. */
  readonly tickable: boolean;
  /** The endpoint whose values belong to the step, see {@link endpointId}. */
  readonly endpoint: string | undefined;
}

/** What is known of the steps besides the sheet. */
export interface Progress {
  /** Ids of steps that a person has ticked, with when. */
  readonly ticks: Readonly<Record<string, string>>;
  readonly sightings: readonly Sighting[];
}

/** Name of an endpoint among those of all stacks. */
export function endpointId({ stack, name }: { readonly stack: string; readonly name: string }): string {
  return `${stack}/${name}`;
}

/** All steps in their order. */
export function checklist(sheet: HandoffSheet, progress: Progress): readonly Step[] {
  return draftsOf(sheet).map((draft) => stepOf(draft, progress));
}

/** How far it is: `3 of 8 steps done, 1 of them proven`. */
export function progressText(steps: readonly Step[]): string {
  const count = (state: StepState) => steps.filter((step) => step.state === state).length;
  const closed = count('done') + count('proven');
  return `${closed} of ${steps.length} steps done, ${count('proven')} of them proven`;
}

/** A step before anybody has looked at what is done. */
interface Draft {
  readonly id: string;
  readonly title: string;
  readonly what: readonly string[];
  readonly tickable?: boolean;
  readonly endpoint?: string;
  /** Proven or done from the start. */
  readonly known?: { readonly state: 'proven' | 'done'; readonly found: string } | undefined;
  /** Every one of these must have been seen, for the step to be proven. */
  readonly proof?: readonly { readonly kind: EvidenceKind; readonly stack: string }[];
}

function stepOf(
  { id, title, what, tickable = true, endpoint, known, proof }: Draft,
  progress: Progress,
): Step {
  const common = { id, title, what, tickable, endpoint };
  if (known?.state === 'proven') return { ...common, ...known };
  const seen = provenBy(proof, progress.sightings);
  if (seen !== undefined) return { ...common, state: 'proven', found: seen };
  if (known !== undefined) return { ...common, ...known };
  const ticked = tickable && Object.hasOwn(progress.ticks, id) ? progress.ticks[id] : undefined;
  if (ticked !== undefined) return { ...common, state: 'done', found: `ticked ${ticked}` };
  return { ...common, state: 'open', found: undefined };
}

function provenBy(proof: Draft['proof'], sightings: readonly Sighting[]): string | undefined {
  if (proof === undefined || proof.length === 0) return undefined;
  const found = proof.map(({ kind, stack }) =>
    sightings.find((sighting) => sighting.kind === kind && sighting.stack === stack),
  );
  if (found.some((sighting) => sighting === undefined)) return undefined;
  return [...new Set(found.map((sighting) => `${sighting?.what} (${sighting?.at})`))].join('; ');
}

function draftsOf(sheet: HandoffSheet): readonly Draft[] {
  const first = sheet.occasion === 'first';
  const holding = sheet.stacks.filter((stack) =>
    endpointsOf(sheet, stack).some(({ holdsSecret }) => holdsSecret),
  );
  return [
    ...sheet.stacks.map(provisioned),
    ...console(first),
    ...sheet.endpoints
      .filter(({ stack, holdsSecret }) => first || (holdsSecret && isStaged(sheet, stack)))
      .map((endpoint) => pasting(endpoint, sheet, first)),
    ...(first ? switches(sheet) : []),
    saving(sheet, first),
    ...holding.map((stack) => signIn(stack, sheet)),
    ...sheet.stacks.map((stack) => lookUp(stack, sheet)),
    ...holding.map((stack) => confirming(stack, sheet)),
  ];
}

function endpointsOf(sheet: HandoffSheet, { name }: StackSheet): readonly EndpointSheet[] {
  return sheet.endpoints.filter(({ stack }) => stack === name);
}

function isStaged(sheet: HandoffSheet, stack: string): boolean {
  return sheet.stacks.some(({ name, secret }) => name === stack && secret.staged);
}

/** ` (stack prod)`, where there are several. */
function ofStack(sheet: HandoffSheet, name: string): string {
  return sheet.stacks.length > 1 ? ` (stack ${name})` : '';
}

function provisioned({ name, secret, clientId }: StackSheet): Draft {
  return {
    id: `provisioned:${name}:${secret.name}`,
    title: `Registration and secret of stack ${name} exist`,
    what: [`calendar-interop up made them; the secret to paste is ${secret.name}.`],
    tickable: false,
    known: { state: 'proven', found: `in the stack's state: client id ${clientId}` },
  };
}

function console(first: boolean): readonly Draft[] {
  return [
    {
      id: 'console',
      title: "Open the page in Google's Admin console",
      what: [
        'Sign in as a super administrator of your organisation; an account at gmail.com cannot.',
        `Go to ${GOOGLE_CONSOLE_PATH.replace('Google Admin console > ', '')}.`,
      ],
    },
    ...(first
      ? [
          {
            id: 'availability',
            title: 'Turn Exchange availability on',
            what: ['Tick "Allow Google Calendar to display Exchange users availability".'],
          },
        ]
      : []),
  ];
}

function pasting(endpoint: EndpointSheet, sheet: HandoffSheet, first: boolean): Draft {
  const id = endpointId(endpoint);
  const secret = sheet.stacks.find(({ name }) => name === endpoint.stack)?.secret.name ?? '';
  const entries = endpoint.forms.length;
  const what = first
    ? [
        `Choose Add an Exchange endpoint, then the endpoint type ${endpoint.forms[0]?.formType ?? ''}.`,
        'Enter the values of this endpoint in the order of the form, then Add.',
        ...(entries > 1
          ? [`The form takes one domain at a time: ${entries} entries, one after the other.`]
          : []),
      ]
    : [
        'Open the endpoint that is there already, and put the new value into Client secret; all else stays.',
        ...(entries > 1 ? [`The same in all its ${entries} entries.`] : []),
      ];
  return {
    id: `endpoint:${id}:${secret}`,
    title: first
      ? `Add the endpoint ${endpoint.name}${ofStack(sheet, endpoint.stack)}`
      : `Replace the secret in the endpoint ${endpoint.name}${ofStack(sheet, endpoint.stack)}`,
    what,
    endpoint: id,
    known: inLedger(endpoint.confirmed),
  };
}

/** What the rotation ledger says: evidence that was found, or a person's word. */
function inLedger(confirmed: EndpointSheet['confirmed']): Draft['known'] {
  if (confirmed === undefined) return undefined;
  const by = confirmed.by === undefined ? '' : ` by ${confirmed.by}`;
  return confirmed.how === 'seen'
    ? { state: 'proven', found: `${confirmed.seen ?? 'seen'} (${confirmed.at})` }
    : { state: 'done', found: `confirmed${by} ${confirmed.at}` };
}

function switches({ switches: { eventDetails, roomBooking } }: HandoffSheet): readonly Draft[] {
  return [
    {
      id: 'details',
      title: `Event details: ${eventDetails ? 'on' : 'off'}`,
      what: [
        eventDetails
          ? 'Tick "Show event details": titles and places are shown where a calendar allows it. It holds for all endpoints.'
          : 'Leave "Show event details" unticked: people see busy or free only. It holds for all endpoints.',
      ],
    },
    {
      id: 'rooms',
      title: `Room booking: ${roomBooking ? 'on' : 'off'}`,
      what: [
        `${roomBooking ? 'Tick' : 'Leave'} "Enable Google Calendar to book Microsoft Exchange rooms"${roomBooking ? '' : ' unticked'}.`,
      ],
    },
  ];
}

function saving(sheet: HandoffSheet, first: boolean): Draft {
  return {
    id: `save:${sheet.stacks.map(({ secret }) => secret.name).join(',')}`,
    title: 'Save',
    what: [first ? 'Choose Save at the end of the page.' : 'Save each endpoint, then the page.'],
    proof: sheet.stacks.map(({ name }) => ({ kind: 'formSaved', stack: name })),
  };
}

function signIn({ name, secret }: StackSheet, sheet: HandoffSheet): Draft {
  return {
    id: `signIn:${name}:${secret.name}`,
    title: `${capital(EVIDENCE_NAMES.signIn)}${ofStack(sheet, name)}`,
    what: [
      `Microsoft's sign-in log shows ${secret.name}. Nothing to click: it follows from the next look-up.`,
    ],
    tickable: false,
    proof: [{ kind: 'signIn', stack: name }],
  };
}

function lookUp(stack: StackSheet, sheet: HandoffSheet): Draft {
  const domain = endpointsOf(sheet, stack)[0]?.domains[0] ?? '';
  return {
    id: `lookUp:${stack.name}:${stack.secret.name}`,
    title: `Look somebody up in Google Calendar${ofStack(sheet, stack.name)}`,
    what: [
      `In Google Calendar, make an event, add a person in ${domain} as a guest, and open Find a time.`,
      'The person must have no Google Calendar of their own: Google would show that one.',
    ],
    proof: [{ kind: 'lookUp', stack: stack.name }],
  };
}

function confirming(stack: StackSheet, sheet: HandoffSheet): Draft {
  const endpoints = endpointsOf(sheet, stack).filter(({ holdsSecret }) => holdsSecret);
  const missing = endpoints.filter(({ confirmed }) => confirmed === undefined).map(({ name }) => name);
  const seen = endpoints.every(({ confirmed }) => confirmed?.how === 'seen');
  return {
    id: `confirm:${stack.name}:${stack.secret.name}`,
    title: `Confirm the hand-over${ofStack(sheet, stack.name)}`,
    what: [
      `calendar-interop rotation confirm --stack ${stack.name} writes into the ledger that Google holds ${stack.secret.name}${missing.length === endpoints.length ? '' : `; still missing: ${missing.join(', ')}`}.`,
    ],
    tickable: false,
    known:
      missing.length > 0
        ? undefined
        : { state: seen ? 'proven' : 'done', found: 'all endpoints stand in the ledger' },
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
