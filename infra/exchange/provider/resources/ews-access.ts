/** EwsAccess: the organisation's EWS switch and allow list let our application in. */
import { z } from 'zod';
import { InteropError } from '../../../errors.js';
import {
  applyEwsAccess,
  countdown,
  type EwsAccessOutcome,
  type EwsAccessWish,
  ewsAccessOutcomeSchema,
  ewsAccessState,
  type FoundEwsAccess,
  inspectEwsAccess,
  pendingUntil,
  planEwsAccess,
  undoEwsAccess,
} from '../../ews-access/index.js';
import type { Work } from '../../work.js';
import type { Exchange } from '../context.js';
import { decodeFacts } from '../facts.js';
import type { Operation } from '../kernel/index.js';
import {
  compareInputs,
  countDifferences,
  exchangeResource,
  keepingParts,
  known,
  optionalText,
  saved,
  violations,
} from '../resource.js';

const inputs = z.object({
  clientId: z.guid('must be a client id (GUID)'),
  roleAccounts: z.array(z.string().min(1)),
  acknowledgeAllowList: z.boolean(),
  baseline: optionalText,
  violations,
});
const { former, added, turnedOn, opened } = ewsAccessOutcomeSchema.shape;
const outputs = inputs.omit({ baseline: true }).extend({
  /** Absent: not set. */
  enabled: z.boolean().optional(),
  others: z.int(),
  former,
  added,
  turnedOn,
  opened,
  leaving: z.string().optional(),
  /** Absent: nothing was written. */
  writtenAt: z.string().optional(),
});
type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

export const ewsAccess = exchangeResource<typeof inputs, typeof outputs>({
  inputs,
  outputs,
  // Another application is an update: a replacement would forget what was there before the first one.
  diff: (request, { log }) => {
    const changes = compareInputs(request, { sameIgnoringCase: ['clientId'], unordered: ['roleAccounts'] });
    // A preview of what stays the same comes no further.
    if (changes.length === 0) log.info(countdown(new Date()).words);
    return changes;
  },

  preview: async (operation, { existing, inputs: wanted }) => {
    const { log } = operation;
    log.info(countdown(new Date()).words);
    const { clientId: before, added = false } = existing?.olds ?? {};
    if (before !== undefined && added && !isSame(before, wanted.clientId))
      log.info(`take ${before} out of the allow list of EWS: this stack put it there`);
    const { acknowledgeAllowList } = wanted;
    if (!known(wanted, ['roleAccounts', 'acknowledgeAllowList']) || typeof acknowledgeAllowList !== 'boolean')
      return {};
    const clientId = known(wanted, ['clientId']) ? String(wanted.clientId) : 'this application';
    const wish = { clientId, acknowledgeAllowList, roleAccounts: wanted.roleAccounts as readonly string[] };
    const work = await operation.context.work(operation);
    const { changes, warnings } = planEwsAccess(await lookAhead(work, operation, wish), wish);
    for (const change of changes) log.info(change);
    for (const warning of warnings) log.warning(warning);
    return {};
  },

  create: async (operation, wanted) => {
    const work = await operation.context.work(operation);
    return {
      id: wanted.clientId,
      outputs: await apply(operation, work, wanted, { baseline: baselineOf(wanted) }),
    };
  },

  read: async (operation, { id, olds, oldInputs }) => {
    const work = await operation.context.work(operation);
    const wish: EwsAccessWish = oldInputs ?? { clientId: id, roleAccounts: [], acknowledgeAllowList: false };
    const found = await inspectEwsAccess(work, { ...wish, roleAccounts: [] });
    const isImport = oldInputs === undefined;
    if (isImport && !ewsAccessState(found, wish).listed) return undefined;
    const count = await countDifferences(operation, async () => {
      const now = { ...found, mailboxes: (await inspectEwsAccess(work, wish)).mailboxes };
      return ewsAccessState(now, wish).violations;
    });
    tellPending(operation, olds.writtenAt);
    const outcome = isImport ? foundBefore(wish, found) : outcomeOf(operation, wish.clientId, olds);
    return {
      id,
      inputs: {
        ...wish,
        roleAccounts: [...wish.roleAccounts],
        baseline: oldInputs?.baseline,
        violations: count,
      },
      outputs: outputsOf(wish, outcome, found, count),
    };
  },

  update: async (operation, { olds, oldInputs }, wanted) => {
    const work = await operation.context.work(operation);
    const former = outcomeOf(operation, olds.clientId ?? oldInputs?.clientId ?? wanted.clientId, olds);
    const baseline = baselineOf(wanted);
    return { outputs: await apply(operation, work, wanted, { former, baseline }) };
  },

  delete: async (operation, { id, olds }) => {
    const { context, log } = operation;
    const outcome = outcomeOf(operation, olds.clientId ?? id, olds);
    const work = await context.work(operation);
    for (const line of await undoEwsAccess(work, outcome, context.timing.list)) log.info(line);
  },
});

function baselineOf({ baseline }: Inputs): FoundEwsAccess | undefined {
  return baseline === undefined ? undefined : decodeFacts('ewsAccess', baseline);
}

function isSame(id: string, given: unknown): boolean {
  return typeof given === 'string' && given.toLowerCase() === id.toLowerCase();
}

async function apply(
  { context }: Operation<Exchange>,
  work: Work,
  wanted: Inputs,
  known: { readonly former?: EwsAccessOutcome; readonly baseline?: FoundEwsAccess | undefined },
): Promise<Outputs> {
  const partly = (outcome: EwsAccessOutcome) => outputsOf(wanted, outcome, undefined, 1);
  const outcome = await keepingParts(wanted.clientId, partly, () =>
    applyEwsAccess(work, wanted, { ...known, timing: context.timing.list }),
  );
  return outputsOf(wanted, outcome, await inspectEwsAccess(work, { ...wanted, roleAccounts: [] }), 0);
}

/** Role accounts that the same run will make are not there yet. */
async function lookAhead(
  work: Work,
  { log }: Operation<Exchange>,
  wish: EwsAccessWish,
): Promise<FoundEwsAccess> {
  const { organization } = await inspectEwsAccess(work, { ...wish, roleAccounts: [] });
  const mailboxes: FoundEwsAccess['mailboxes'][number][] = [];
  for (const address of wish.roleAccounts) {
    try {
      mailboxes.push(...(await inspectEwsAccess(work, { ...wish, roleAccounts: [address] })).mailboxes);
    } catch (error) {
      if (!(error instanceof InteropError) || error.kind !== 'resource') throw error;
      log.info(`${address} has no mailbox yet: its own switch is looked at when it is there`);
    }
  }
  return { organization, mailboxes };
}

/** What an imported resource finds was there before it: nothing of it is undone. */
function foundBefore({ clientId }: EwsAccessWish, { organization }: FoundEwsAccess): EwsAccessOutcome {
  const { enabled, list } = organization;
  return {
    clientId,
    former: { enabled, list: [...list], mailboxes: [] },
    added: false,
    turnedOn: false,
    opened: [],
    leaving: null,
    writtenAt: null,
  };
}

function outcomeOf({ urn }: Operation<Exchange>, clientId: string, olds: Partial<Outputs>): EwsAccessOutcome {
  return {
    clientId,
    former: saved(olds.former, 'former', urn),
    added: saved(olds.added, 'added', urn),
    turnedOn: saved(olds.turnedOn, 'turnedOn', urn),
    opened: saved(olds.opened, 'opened', urn),
    leaving: olds.leaving ?? null,
    writtenAt: olds.writtenAt ?? null,
  };
}

function outputsOf(
  wish: EwsAccessWish,
  { former, added, turnedOn, opened, leaving, writtenAt }: EwsAccessOutcome,
  found: FoundEwsAccess | undefined,
  count: number,
): Outputs {
  const state = found === undefined ? undefined : ewsAccessState(found, wish);
  return {
    clientId: wish.clientId,
    roleAccounts: [...wish.roleAccounts],
    acknowledgeAllowList: wish.acknowledgeAllowList,
    violations: count,
    enabled: state?.enabled ?? undefined,
    others: state?.others ?? former.list.length,
    former,
    added,
    turnedOn,
    opened,
    leaving: leaving ?? undefined,
    writtenAt: writtenAt ?? undefined,
  };
}

function tellPending({ log }: Operation<Exchange>, writtenAt: string | undefined): void {
  const end = pendingUntil(writtenAt, new Date());
  if (end !== undefined) log.info(`the allow list may not count yet: until ${end.toISOString()}`);
}
