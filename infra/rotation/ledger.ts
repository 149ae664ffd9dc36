/**
 * The rotation ledger: which secrets shall exist, and which of them Google holds.
 *
 * It lies in the stack's configuration, key `calendar-interop:rotation`, where a pull request shows it. Everything here is
 * pure: no clock, no file; the time of an event is handed in.
 */
import { z } from 'zod';
import type { DeepReadonly } from '../config/deep-readonly.js';
import { keyDocs } from '../config/docs.js';
import { configurationError } from '../config/mistakes.js';
import { isGuid } from '../config/values.js';

/** The two places for a secret in the registration. */
export const SLOTS = ['a', 'b'] as const;
export type SlotName = (typeof SLOTS)[number];

/** Our own cap, not Entra's: two secrets are what an overlap needs. */
export const MAX_LIVE_SECRETS = 2;

/** How many events the ledger remembers. */
export const LOG_LENGTH = 20;

/** How many of the ledgers that it was made from a ledger remembers: more than three rotations write. */
export const LINEAGE_LENGTH = 24;

/** Version of the ledger's form. */
export const LEDGER_VERSION = 1;

const INSTANT = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** Go's rendering of a time: what Pulumi makes of an unquoted timestamp in a stack's file (seen with Pulumi 3.259). */
const UNQUOTED_INSTANT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$/;

/** A moment as the azuread provider sends it to Graph: RFC 3339, whole seconds, UTC. */
const instantSchema = z
  .string()
  .superRefine((text, context) => {
    if (UNQUOTED_INSTANT.test(text))
      context.addIssue('lost its form on the way: put it in quotes in the YAML file');
    else if (!INSTANT.test(text)) context.addIssue('is not a time');
    else if (!isRealInstant(text)) context.addIssue('is a day that the calendar does not have');
  })
  .register(keyDocs, { allowed: 'RFC 3339 in UTC and whole seconds, such as "2027-05-23T00:00:00Z"' });

function isRealInstant(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && formatInstant(time) === text;
}

const generationSchema = z.int().min(1).register(keyDocs, { allowed: 'a whole number from 1' });
const slotNameSchema = z.enum(SLOTS).register(keyDocs, { allowed: 'a or b' });
const keyIdSchema = z
  .string()
  .refine(isGuid, 'is not an id')
  .register(keyDocs, { allowed: 'the key id (GUID) that Entra gave the secret' });

/** Free text in the ledger is one short line: the ledger is read in pull requests and never holds a secret's value. */
const noteSchema = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !/\p{C}/u.test(text), 'has a character that does not show')
  .register(keyDocs, { allowed: 'one line of up to 200 characters' });

/** A secret that shall exist. `keyId` is known once it was made. */
const slotSchema = z.strictObject({
  generation: generationSchema,
  endDate: instantSchema,
  keyId: keyIdSchema.optional(),
});

/** A secret that somebody made before the registration was adopted; it counts towards the cap. */
const foreignSchema = z.strictObject({ keyId: keyIdSchema, endDate: instantSchema });

/**
 * What a command has begun and not yet seen through: a slot's secret to be made or removed by an update, or, with `keyId`, a
 * secret without a slot to be removed from the registration.
 */
const pendingSchema = z.strictObject({
  event: z
    .enum(['stage', 'retire', 'revoke', 'remove'])
    .register(keyDocs, { allowed: 'stage, retire, revoke or remove' }),
  slot: slotNameSchema.optional(),
  generation: generationSchema.optional(),
  keyId: keyIdSchema.optional(),
  at: instantSchema,
});

/** A secret that was asked to be removed once Google holds another, at the latest at `deadline`. */
const revokingSchema = z.strictObject({
  slot: slotNameSchema.optional(),
  generation: generationSchema.optional(),
  keyId: keyIdSchema.optional(),
  at: instantSchema,
  deadline: instantSchema,
  by: noteSchema.optional(),
});

/** Why one endpoint counts as moved to a secret: by hand, or because something was seen. */
const evidenceSchema = z.strictObject({
  slot: slotNameSchema,
  generation: generationSchema,
  at: instantSchema,
  how: z
    .enum(['hand', 'seen'])
    .register(keyDocs, { allowed: 'hand (a person said so) or seen (evidence was found)' }),
  by: noteSchema.optional(),
  seen: noteSchema.optional(),
});

/** `use` is a sign-in of our own with a slot's secret: it must not pass for Google's. */
const logEntrySchema = z.strictObject({
  at: instantSchema,
  event: z
    .enum(['init', 'stage', 'confirm', 'retire', 'revoke', 'adopt', 'remove', 'restore', 'use'])
    .register(keyDocs, { allowed: 'init, stage, confirm, retire, revoke, adopt, remove, restore or use' }),
  slot: slotNameSchema.optional(),
  generation: generationSchema.optional(),
  keyId: keyIdSchema.optional(),
  by: noteSchema.optional(),
  note: noteSchema.optional(),
});

/** Written by lineage.ts, and read by nobody else. */
const lineageSchema = z
  .string()
  .max(LINEAGE_LENGTH * 25)
  .regex(/^[1-9]\d{0,15}:[\da-f]{8}( [1-9]\d{0,15}:[\da-f]{8})*$/, 'is no list of revisions with digests')
  .register(keyDocs, {
    allowed: 'the ledgers that this one was made from, as `rotation` commands write them',
  });

const slotsSchema = z.strictObject({ a: slotSchema.optional(), b: slotSchema.optional() });

/** The ledger, and what no ledger may say. */
export const ledgerSchema = z
  .strictObject({
    version: z.literal(LEDGER_VERSION).register(keyDocs, { allowed: String(LEDGER_VERSION) }),
    /** Grows with every change: an older ledger than the state's is refused. */
    revision: z.int().min(1).register(keyDocs, { allowed: 'a whole number from 1' }),
    /** The ledgers that this one was made from, the last one first: one that does not know the state's is refused. */
    lineage: lineageSchema.optional(),
    slots: slotsSchema.register(keyDocs, { allowed: 'slot a, slot b or both' }),
    /** The highest generation that was ever given out, where no slot has it any more: a number never comes twice. */
    lastGeneration: generationSchema.optional(),
    current: slotNameSchema,
    foreign: z.array(foreignSchema).register(keyDocs, { allowed: 'a list of {keyId, endDate}' }),
    pending: pendingSchema.optional(),
    revoking: revokingSchema.optional(),
    /** By endpoint name: the secret that the endpoint is known to hold. */
    confirmed: z
      .record(z.string().min(1).max(40), evidenceSchema)
      .register(keyDocs, { allowed: 'endpoint names with their evidence' }),
    log: z
      .array(logEntrySchema)
      .max(LOG_LENGTH)
      .register(keyDocs, { allowed: `the last ${LOG_LENGTH} events` }),
  })
  .superRefine((ledger, context) => {
    const { slots, foreign, current } = ledger;
    const used = SLOTS.filter((slot) => slots[slot] !== undefined);
    if (used.length === 0) {
      context.addIssue({
        code: 'custom',
        path: ['slots'],
        message: 'has no secret: Google would hold none',
        input: slots,
      });
    } else if (!used.includes(current)) {
      context.addIssue({ code: 'custom', path: ['current'], message: 'names an empty slot', input: current });
    }
    if (used.length + foreign.length > MAX_LIVE_SECRETS) {
      const message = `brings the live secrets to ${used.length + foreign.length}: at most ${MAX_LIVE_SECRETS} may exist at once`;
      context.addIssue({ code: 'custom', path: ['foreign'], message, input: foreign });
    }
    for (const problem of contradictions(ledger)) context.addIssue({ code: 'custom', ...problem });
    const keyIds = [
      ...SLOTS.map((slot) => slots[slot]?.keyId),
      ...foreign.map((secret) => secret.keyId),
    ].filter((id) => id !== undefined);
    if (new Set(keyIds.map((id) => id.toLowerCase())).size !== keyIds.length) {
      context.addIssue({ code: 'custom', path: ['slots'], message: 'name one key id twice', input: slots });
    }
  });

/** What the parts of a ledger may not say about one another, besides the number of secrets. */
function contradictions(ledger: {
  readonly slots: z.output<typeof slotsSchema>;
  readonly lastGeneration?: number | undefined;
  readonly foreign: readonly z.output<typeof foreignSchema>[];
  readonly pending?: z.output<typeof pendingSchema> | undefined;
  readonly revoking?: z.output<typeof revokingSchema> | undefined;
  readonly confirmed: Readonly<Record<string, z.output<typeof evidenceSchema>>>;
}): readonly { readonly path: string[]; readonly message: string; readonly input: unknown }[] {
  const { slots, lastGeneration, foreign, pending, revoking, confirmed } = ledger;
  const problems: { path: string[]; message: string; input: unknown }[] = [];
  if (slots.a !== undefined && slots.a.generation === slots.b?.generation)
    problems.push({ path: ['slots'], message: 'have one generation twice', input: slots });
  const highest = Math.max(...SLOTS.map((slot) => slots[slot]?.generation ?? 0));
  if (lastGeneration !== undefined && lastGeneration <= highest) {
    const message = `is not above the slots' highest generation, which is ${highest}`;
    problems.push({ path: ['lastGeneration'], message, input: lastGeneration });
  }
  for (const [key, value] of Object.entries({ pending, revoking })) {
    if (value !== undefined && !namesOneSecret(value))
      problems.push({
        path: [key],
        message: 'names no secret by slot and generation, or by keyId',
        input: value,
      });
  }
  const lives = (secret: {
    slot?: SlotName | undefined;
    generation?: number | undefined;
    keyId?: string | undefined;
  }) =>
    secret.slot === undefined
      ? foreign.some(({ keyId }) => keyId.toLowerCase() === secret.keyId?.toLowerCase())
      : slots[secret.slot]?.generation === secret.generation;
  if (revoking !== undefined && namesOneSecret(revoking) && !lives(revoking))
    problems.push({ path: ['revoking'], message: 'names a secret that does not exist', input: revoking });
  for (const [endpoint, evidence] of Object.entries(confirmed)) {
    if (!lives(evidence)) {
      const message = 'names a secret that does not exist';
      problems.push({ path: ['confirmed', endpoint], message, input: evidence });
    }
  }
  return problems;
}

function namesOneSecret(secret: { slot?: unknown; generation?: unknown; keyId?: unknown }): boolean {
  const inSlot = secret.slot !== undefined && secret.generation !== undefined;
  const half = (secret.slot !== undefined) !== (secret.generation !== undefined);
  return !half && inSlot !== (secret.keyId !== undefined);
}

export type Ledger = DeepReadonly<z.output<typeof ledgerSchema>>;

/**
 * Reads a ledger.
 *
 * @throws InteropError of kind `configuration` with all that is wrong, by key (`calendar-interop:rotation.slots.a.endDate`).
 */
export function parseLedger(value: unknown): Ledger {
  const result = ledgerSchema.safeParse(value);
  if (result.success) return result.data;
  throw configurationError('the rotation ledger', ledgerSchema, ['rotation'], value, result.error.issues);
}

/** What the first ledger is made from. `now` is handed in; a secret lives for `lifetimeDays` from then. */
export interface FirstLedger {
  readonly now: Date;
  readonly lifetimeDays: number;
}

/**
 * The first ledger of a stack: one secret in slot a.
 *
 * @throws RangeError when `now` is no date or `lifetimeDays` no whole number of days from 1.
 */
export function initialLedger({ now, lifetimeDays }: FirstLedger): Ledger {
  if (!Number.isInteger(lifetimeDays) || lifetimeDays < 1)
    throw new RangeError('lifetimeDays must be a whole number from 1');
  const at = formatInstant(now);
  return {
    version: LEDGER_VERSION,
    revision: 1,
    slots: {
      a: { generation: 1, endDate: formatInstant(new Date(now.getTime() + lifetimeDays * 86_400_000)) },
    },
    current: 'a',
    foreign: [],
    confirmed: {},
    log: [{ at, event: 'init', slot: 'a', generation: 1 }],
  };
}

/** The name under which a slot's secret stands in Entra: `interop-a-g1`. */
export function secretName(slot: SlotName, generation: number): string {
  return `interop-${slot}-g${generation}`;
}

/**
 * A moment as the ledger writes it: RFC 3339 in UTC, fractions of a second cut off.
 *
 * @throws RangeError when `time` is no date or lies outside the years 0 to 9999.
 */
export function formatInstant(time: Date): string {
  const text = `${time.toISOString().slice(0, -5)}Z`;
  if (!INSTANT.test(text)) throw new RangeError('the year has more than four digits');
  return text;
}
