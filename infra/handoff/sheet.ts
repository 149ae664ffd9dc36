/**
 * The hand-off sheet: everything that a person needs at Google's console, as data. Endpoints of several stacks are joined, since one
 * console serves several tenants. The secret itself is never in it.
 */
import {
  type Endpoint,
  type GoogleForm,
  googleForms,
  MASKED_SECRET,
  otherForms,
  type RegistrationValues,
} from '../endpoints/google-forms.js';
import { InteropError, type Problem } from '../errors.js';
import { rotationPolicy } from '../rotation/index.js';
import { formatInstant, type Ledger, type SlotName, secretName } from '../rotation/ledger.js';
import { endOf, targetSecret } from '../rotation/secrets.js';
import { type SecretLife, secretLives } from './timeline.js';

/** One stack as it was brought up last. */
export interface HandoffStack {
  readonly name: string;
  readonly protocol: 'ews' | 'graph' | 'both' | undefined;
  readonly eventDetails: boolean;
  readonly roomBooking: boolean;
  readonly secret: { readonly lifetimeDays: number; readonly leadDays: number; readonly quietDays: number };
  readonly endpoints: readonly Endpoint[];
  readonly registration: Omit<RegistrationValues, 'secret'>;
  readonly ledger: Ledger;
}

/** The secret that is to be pasted: the staged one where there is one, else the current one. */
export interface SecretToPaste {
  readonly slot: SlotName;
  readonly generation: number;
  /** Its name in Entra. */
  readonly name: string;
  readonly endDate: string;
  /** It is new: Google still holds another one. */
  readonly staged: boolean;
}

export interface StackSheet {
  readonly name: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly secret: SecretToPaste;
  readonly lives: readonly SecretLife[];
}

export interface EndpointSheet {
  readonly stack: string;
  readonly name: string;
  readonly type: Endpoint['type'];
  readonly domains: readonly string[];
  /** On-premises endpoints hold a password instead. */
  readonly holdsSecret: boolean;
  /** What the ledger says about the secret that is to be pasted. */
  readonly confirmed: Ledger['confirmed'][string] | undefined;
  readonly forms: readonly GoogleForm[];
  /** With `protocol: both`: the form that the endpoint moves to or came from. */
  readonly otherForms: readonly GoogleForm[];
}

/** Google's two switches that hold for all endpoints. */
export interface Switches {
  readonly eventDetails: boolean;
  readonly roomBooking: boolean;
}

export interface HandoffSheet {
  readonly stacks: readonly StackSheet[];
  readonly endpoints: readonly EndpointSheet[];
  readonly switches: Switches;
  /** A first hand-off, or new secrets for endpoints that Google has already. */
  readonly occasion: 'first' | 'rotation';
  /** What a person should know before they begin. */
  readonly notes: readonly string[];
}

/**
 * @param stacks at least one
 * @throws InteropError of kind `configuration` when two endpoints claim one domain: Google routes a look-up by the domain
 */
export function handoffSheet(stacks: readonly HandoffStack[], now: Date): HandoffSheet {
  const problems = claimedTwice(stacks);
  if (problems.length > 0) {
    throw new InteropError({
      kind: 'configuration',
      summary: 'two endpoints claim one domain, and Google takes a domain once only',
      problems,
      next: stacks.map(
        ({ name }) => `take the domain out of one endpoint, then: calendar-interop up --stack ${name}`,
      ),
    });
  }
  return {
    stacks: stacks.map((stack) => stackSheet(stack, now)),
    endpoints: stacks.flatMap((stack) => stack.endpoints.map((endpoint) => endpointSheet(stack, endpoint))),
    switches: {
      eventDetails: stacks.some(({ eventDetails }) => eventDetails),
      roomBooking: stacks.some(({ roomBooking }) => roomBooking),
    },
    occasion: stacks.some(({ ledger }) => secretToPaste(ledger).staged) ? 'rotation' : 'first',
    notes: [
      ...disagreement(stacks, 'eventDetails', '"Show event details"'),
      ...disagreement(stacks, 'roomBooking', 'booking of Exchange rooms'),
      ...expired(stacks, now),
    ],
  };
}

/** The secret that Google shall hold in the end: the one of the latest generation. */
export function secretToPaste(ledger: Ledger): SecretToPaste {
  const { slot, generation } = targetSecret(ledger);
  const endDate = formatInstant(new Date(endOf(ledger, { slot, generation })));
  return { slot, generation, name: secretName(slot, generation), endDate, staged: slot !== ledger.current };
}

function stackSheet(stack: HandoffStack, now: Date): StackSheet {
  const { tenantId, clientId } = stack.registration;
  return {
    name: stack.name,
    tenantId,
    clientId,
    secret: secretToPaste(stack.ledger),
    lives: secretLives(stack.ledger, rotationPolicy(stack), now),
  };
}

function endpointSheet(stack: HandoffStack, endpoint: Endpoint): EndpointSheet {
  const values = { ...stack.registration, secret: MASKED_SECRET };
  const { name, type, domains } = endpoint;
  const { slot, generation } = secretToPaste(stack.ledger);
  const evidence = stack.ledger.confirmed[name];
  return {
    stack: stack.name,
    name,
    type,
    domains,
    holdsSecret: type !== 'onPremises',
    confirmed: evidence?.slot === slot && evidence.generation === generation ? evidence : undefined,
    forms: googleForms(endpoint, values),
    otherForms: stack.protocol === 'both' ? otherForms(endpoint, values) : [],
  };
}

function claimedTwice(stacks: readonly HandoffStack[]): readonly Problem[] {
  const owners = new Map<string, string>();
  return stacks.flatMap((stack) =>
    stack.endpoints.flatMap(({ name, domains }) =>
      domains.flatMap((domain): readonly Problem[] => {
        const key = domain.toLowerCase();
        const claim = `endpoint ${name} of stack ${stack.name}`;
        const first = owners.get(key);
        if (first === undefined) {
          owners.set(key, claim);
          return [];
        }
        return [
          {
            where: domain,
            what: 'is claimed twice',
            found: `${first} and ${claim}`,
            allowed: 'one endpoint',
          },
        ];
      }),
    ),
  );
}

function disagreement(stacks: readonly HandoffStack[], key: keyof Switches, what: string): readonly string[] {
  const names = (on: boolean) => stacks.filter((stack) => stack[key] === on).map(({ name }) => name);
  const [on, off] = [names(true), names(false)];
  if (on.length === 0 || off.length === 0) return [];
  return [
    `Google has one switch for ${what} of all endpoints: ${on.join(', ')} wants it on, ${off.join(', ')} off. On is shown here; calendars that show less go on doing so.`,
  ];
}

function expired(stacks: readonly HandoffStack[], now: Date): readonly string[] {
  return stacks
    .filter(({ ledger }) => Date.parse(secretToPaste(ledger).endDate) <= now.getTime())
    .map(
      ({ name }) =>
        `The secret of stack ${name} has ended: do not paste it, make a new one with calendar-interop rotation stage --stack ${name}.`,
    );
}
