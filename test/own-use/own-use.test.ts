/** Our own uses of Google's secret: which one is used, that it is noted first, and what a note tells a ledger. */

import { Writable } from 'node:stream';
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { InteropError } from '../../infra/errors.js';
import { ROTATION_LEDGER_URN, toSave } from '../../infra/identity/ledger-guard.js';
import { type RotationEvent, reduce, rotationPolicy } from '../../infra/rotation/index.js';
import { initialLedger, type Ledger } from '../../infra/rotation/ledger.js';
import { AZUREAD_TYPES } from '../../scripts/azuread-types.js';
import { notedOwnUses, noteUseOf, secretForOwnUse, type UsedStack } from '../../scripts/own-use.js';
import { Terminal } from '../../scripts/terminal.js';

const CONFIG = {
  secret: { lifetimeDays: 180, leadDays: 30, quietDays: 7 },
  endpoints: [{ name: 'online', type: 'microsoft365-ews' }],
};
const POLICY = rotationPolicy(CONFIG);
const START = new Date('2026-01-01T00:00:00Z');
const CONFIRM: RotationEvent = { type: 'confirm', how: 'hand', endpoints: [], by: 'ann' };

function after(ledger: Ledger, ...events: readonly RotationEvent[]): Ledger {
  return events.reduce((before, event) => {
    const outcome = reduce(before, event, POLICY, START);
    if (outcome.refusal !== undefined) throw new Error(outcome.refusal.what);
    return outcome.ledger;
  }, ledger);
}

const key = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
const made = (slot: 'a' | 'b', generation: number): RotationEvent => ({
  type: 'made',
  slot,
  generation,
  keyId: key(generation),
});
const FIRST = after(initialLedger({ now: START, lifetimeDays: 180 }), made('a', 1));
const STEADY = after(FIRST, CONFIRM);
const STAGED = after(STEADY, { type: 'stage' }, made('b', 2), { type: 'finish' });
const SWITCHED = after(STAGED, CONFIRM);

/** A state with the secrets of a ledger, as Pulumi exports it in clear text. */
function stateOf(ledger: Ledger): Deployment {
  const secrets = Object.entries(ledger.slots).map(([slot, secret]) => ({
    type: AZUREAD_TYPES.secret,
    urn: `urn:pulumi:test::calendar-interop::${AZUREAD_TYPES.secret}::${slot}`,
    inputs: { displayName: `interop-${slot}-g${secret?.generation}` },
    outputs: {
      value: { plaintext: JSON.stringify(`value of ${slot}${secret?.generation}`) },
      keyId: key(secret?.generation ?? 0),
      endDate: secret?.endDate,
    },
  }));
  const guard = {
    type: 'pulumi:index:Stash',
    urn: `urn:pulumi:test::calendar-interop${ROTATION_LEDGER_URN}`,
    outputs: { input: toSave(ledger) },
  };
  return { version: 3, deployment: { resources: [guard, ...secrets] } };
}

interface Fake extends UsedStack {
  readonly tags: Record<string, string>;
  readonly context: { readonly terminal: Terminal };
  output(): string;
}

function open(
  ledger: Ledger,
  options: { readonly inState?: Ledger; readonly readOnly?: boolean } = {},
): Fake {
  const tags: Record<string, string> = {};
  let output = '';
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      output += chunk.toString();
      done();
    },
  });
  return {
    tags,
    output: () => output,
    context: { terminal: new Terminal({ stdout: stream, stderr: stream, json: false, color: false }) },
    config: CONFIG as unknown as UsedStack['config'],
    ledger,
    stack: { name: 'test' },
    session: {
      readSecrets: async () => stateOf(options.inState ?? ledger),
      setTag: async (name, value) => {
        if (options.readOnly === true) throw new InteropError({ kind: 'failure', summary: 'read only' });
        tags[name] = value;
      },
    },
  };
}

const use = (stack: Fake) => secretForOwnUse(stack.context, stack, 'verify');

test.each<[string, Ledger, string, RegExp]>([
  ['the only one', FIRST, 'value of a1', /^1 .* verify$/],
  ['the old one while the new one is not confirmed', STAGED, 'value of a1', /^1 /],
  ['the new one once it is', SWITCHED, 'value of b2', /^2 /],
])('%s is used, and noted', async (_, ledger, value, note) => {
  const stack = open(ledger);
  expect(await use(stack)).toBe(value);
  const slot = value.slice(9, 10);
  expect(stack.tags).toEqual({ [`calendar-interop:own-use-${slot}`]: expect.stringMatching(note) });
  expect(JSON.stringify(stack.tags) + stack.output()).not.toContain('value of');
});

test('an old checkout does not make us use a secret that Google has left', async () => {
  expect(await use(open(STAGED, { inState: SWITCHED }))).toBe('value of b2');
});

test('a use that cannot be noted is refused while it could pass for the first one of Google', async () => {
  const refused = use(open(FIRST, { readOnly: true }));
  await expect(refused).rejects.toThrow('would pass for its use by Google');
  await expect(refused).rejects.toThrow('rotation confirm --stack test');
});

test.each([
  ['steady', STEADY],
  ['staged', STAGED],
])('else it is only told of: %s', async (_, ledger) => {
  const stack = open(ledger, { readOnly: true });
  expect(await use(stack)).toBe('value of a1');
  expect(stack.output()).toContain('could not be noted');
});

test('a secret that was handed in is noted by its place, where it is one of ours', async () => {
  const stack = open(STAGED);
  expect(await noteUseOf('value of b2', stack.context, stack, 'verify')).toBe(true);
  expect(Object.keys(stack.tags)).toEqual(['calendar-interop:own-use-b']);
  expect(await noteUseOf('another', stack.context, stack, 'verify')).toBe(false);
});

test('notes become events of the ledger; those of other secrets, and what is no note, do not', async () => {
  const told = async (tags: Record<string, string>) => await notedOwnUses({ tags: async () => tags }, STAGED);
  const a = 'calendar-interop:own-use-a';
  const b = 'calendar-interop:own-use-b';
  expect(await told({ [a]: '1 2026-01-02T00:00:00Z verify', [b]: '2 2026-01-03T00:00:00Z doctor' })).toEqual([
    { type: 'use', slot: 'a', generation: 1, usedAt: new Date('2026-01-02T00:00:00Z'), note: 'verify' },
    { type: 'use', slot: 'b', generation: 2, usedAt: new Date('2026-01-03T00:00:00Z'), note: 'doctor' },
  ]);
  expect(await told({ [a]: '7 2026-01-02T00:00:00Z verify', [b]: 'what is this', other: '2 x' })).toEqual([]);
});
