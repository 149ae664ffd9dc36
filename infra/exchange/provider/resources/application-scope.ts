/** ApplicationScope: the application may act on role mailboxes only (RBAC for Applications). */
import { z } from 'zod';
import { InteropError } from '../../../errors.js';
import { registrationTag } from '../../../identity/registration-tag.js';
import {
  type ApplicationScopeOutcome,
  type ApplicationScopeWish,
  applicationScopeOutcomeSchema,
  applyApplicationScope,
  inspectApplicationScope,
  planApplicationScope,
  scopeName,
  undoApplicationScope,
} from '../../application-scope/index.js';
import { readAssignments, readPointer } from '../../application-scope/inspect.js';
import { readAnyOf } from '../../opath.js';
import { findOne } from '../../work.js';
import type { Exchange } from '../context.js';
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
  servicePrincipalId: z.guid('must be an object id (GUID)'),
  displayName: z.string().min(1),
  protocol: z.enum(['ews', 'graph', 'both']),
  graphPermissions: z.array(z.string().min(1)),
  mailboxes: z.array(z.string().min(1)),
  outside: optionalText,
  consents: z.array(
    z.strictObject({
      api: z.enum(['exchangeOnline', 'microsoftGraph']),
      permission: z.string().min(1),
      assignmentId: z.string().min(1),
      /** Absent in states of builds that did not tell it: they are read, too. */
      url: z.url().optional(),
      owned: z.boolean(),
    }),
  ),
  owner: z.string().min(1),
  violations,
});
const { scopeName: name, pointerMade, scopeMade, assignments, phase } = applicationScopeOutcomeSchema.shape;
const outputs = inputs.extend({
  scopeName: name,
  pointerMade,
  scopeMade,
  assignments,
  phase,
  /** Absent: not proven. In it, `outside` is absent where the tenant has no other mailbox. */
  proof: z.object({ inside: z.string(), outside: z.string().optional() }).optional(),
});
type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

const NEEDED = [
  'clientId',
  'servicePrincipalId',
  'displayName',
  'protocol',
  'graphPermissions',
  'mailboxes',
  'outside',
  'consents',
  'owner',
] as const;

export const applicationScope = exchangeResource<typeof inputs, typeof outputs>({
  inputs,
  outputs,
  replaceOn: ['clientId', 'servicePrincipalId', 'owner'],
  // Names in Exchange are made of client id and owner: the new one's must be free.
  deleteBeforeReplace: true,
  diff: (request) =>
    compareInputs(request, {
      sameIgnoringCase: ['clientId', 'servicePrincipalId'],
      unordered: ['mailboxes', 'consents', 'graphPermissions'],
    }),

  preview: async (operation, { inputs: given }) => {
    const { log } = operation;
    if (!known(given, NEEDED)) {
      log.info('limits the application to its role mailboxes, once they and the application are there');
      return {};
    }
    const wanted = given as Inputs;
    const there = await mailboxesThere(operation, wanted);
    if (there.length === 0 && wanted.mailboxes.length > 0) {
      log.info(`limits the application to ${wanted.mailboxes.join(', ')}, once they are there`);
      return {};
    }
    const { changes, warnings } = await plan(operation, { ...wanted, mailboxes: there });
    for (const change of changes) log.info(change);
    for (const warning of warnings) log.warning(warning);
    return {};
  },

  create: async (operation, wanted) => ({
    id: wanted.clientId,
    outputs: await apply(operation, wanted, undefined),
  }),

  read: async (operation, { id, olds, oldInputs }) => {
    if (oldInputs === undefined) return await takeOver(operation, id);
    const outcome = outcomeOf(operation, olds, oldInputs);
    const count = await countDifferences(operation, async () => (await plan(operation, oldInputs)).changes);
    return {
      id,
      inputs: { ...oldInputs, violations: count },
      outputs: outputsOf(oldInputs, outcome, count),
    };
  },

  update: async (operation, { olds }, wanted) => ({
    outputs: await apply(operation, wanted, outcomeOf(operation, olds, wanted)),
  }),

  delete: async (operation, { id, olds }) => {
    const work = await operation.context.work(operation);
    const { clientId = id, servicePrincipalId = '' } = olds;
    const outcome = outcomeOf(operation, olds, { clientId, servicePrincipalId });
    for (const line of await undoApplicationScope(work, outcome)) operation.log.info(line);
  },
});

async function plan(operation: Operation<Exchange>, wish: ApplicationScopeWish) {
  const work = await operation.context.work(operation);
  return planApplicationScope(await inspectApplicationScope(work, wish), wish);
}

/** Role mailboxes that the same run will make are not there yet. */
async function mailboxesThere(operation: Operation<Exchange>, wish: Inputs): Promise<string[]> {
  const work = await operation.context.work(operation);
  const there: string[] = [];
  for (const address of wish.mailboxes) {
    const row = await findOne(work, {
      cmdlet: 'Get-Mailbox',
      parameters: { Identity: address },
      anchor: address,
    });
    if (row !== undefined) there.push(address);
  }
  return there;
}

async function apply(
  operation: Operation<Exchange>,
  wanted: Inputs,
  former: ApplicationScopeOutcome | undefined,
): Promise<Outputs> {
  const { context, log } = operation;
  const work = await context.work(operation);
  const outcome = await keepingParts(
    wanted.clientId,
    (done: ApplicationScopeOutcome) => outputsOf(wanted, done, 1),
    () => applyApplicationScope(work, wanted, { former, timing: context.timing.proof }),
  );
  if (outcome.phase === 'consentBeingRemoved')
    log.info("the scope is there and proven; this stack's consent for all mailboxes is removed next");
  return outputsOf(wanted, outcome, 0);
}

function outcomeOf(
  { urn }: Operation<Exchange>,
  olds: Partial<Outputs>,
  ids: Pick<Inputs, 'clientId' | 'servicePrincipalId'>,
): ApplicationScopeOutcome {
  return {
    clientId: ids.clientId,
    servicePrincipalId: ids.servicePrincipalId,
    scopeName: saved(olds.scopeName, 'scopeName', urn),
    pointerMade: saved(olds.pointerMade, 'pointerMade', urn),
    scopeMade: saved(olds.scopeMade, 'scopeMade', urn),
    assignments: saved(olds.assignments, 'assignments', urn),
    phase: olds.phase ?? 'limited',
    proof: olds.proof === undefined ? null : { ...olds.proof, outside: olds.proof.outside ?? null },
  };
}

function outputsOf(wanted: Inputs, outcome: ApplicationScopeOutcome, count: number): Outputs {
  const { scopeName: scope, pointerMade, scopeMade, assignments, phase, proof } = outcome;
  return {
    ...wanted,
    scopeName: scope,
    pointerMade,
    scopeMade,
    assignments,
    phase,
    proof: proof === null ? undefined : { inside: proof.inside, outside: proof.outside ?? undefined },
    violations: count,
  };
}

/** Import: what this stack made earlier and its state has lost. Scope and assignments are known by their names. */
async function takeOver(operation: Operation<Exchange>, clientId: string) {
  const [, stack = '', project = ''] = /^urn:pulumi:(.*?)::(.*?)::/.exec(operation.urn) ?? [];
  const owner = registrationTag(project, stack);
  const work = await operation.context.work(operation);
  const pointer = await readPointer(work, clientId);
  const scope = scopeName({ owner, clientId });
  const row = await findOne(work, { cmdlet: 'Get-ManagementScope', parameters: { Identity: scope } });
  if (pointer === undefined || row === undefined) return undefined;
  const ours = (await readAssignments(work, pointer.objectId)).filter((one) => one.scope === scope);
  const equalities = readAnyOf(row.RecipientFilter ?? '');
  if (equalities === undefined) throw foreignFilter(scope, row.RecipientFilter ?? '');
  const permissions = ours.map(({ role }) => role.replace(/^Application /, ''));
  const graphPermissions = permissions.filter((permission) => permission !== 'EWS.AccessAsApp');
  const hasEws = graphPermissions.length < permissions.length;
  // A pointer that this stack made bears the scope's name behind its own.
  const mark = ` (${scope})`;
  const pointerMade = pointer.displayName.endsWith(mark);
  const wanted: Inputs = {
    clientId,
    servicePrincipalId: pointer.objectId,
    displayName: pointerMade ? pointer.displayName.slice(0, -mark.length) : pointer.displayName,
    protocol: hasEws ? (graphPermissions.length > 0 ? 'both' : 'ews') : 'graph',
    graphPermissions,
    mailboxes: equalities.map(({ value }) => value),
    outside: undefined,
    consents: [],
    owner,
    violations: 0,
  };
  const outcome: ApplicationScopeOutcome = {
    clientId,
    servicePrincipalId: pointer.objectId,
    scopeName: scope,
    pointerMade,
    scopeMade: true,
    assignments: ours.map((one) => one.name),
    phase: 'limited',
    proof: null,
  };
  return { id: clientId, inputs: wanted, outputs: outputsOf(wanted, outcome, 0) };
}

function foreignFilter(scope: string, filter: string): InteropError {
  return new InteropError({
    kind: 'resource',
    summary: `the management scope ${scope} is not as this tool writes it`,
    problems: [{ where: 'RecipientFilter', what: 'is more than a list of mailboxes', found: filter }],
  });
}
