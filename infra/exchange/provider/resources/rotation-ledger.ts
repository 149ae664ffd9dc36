/**
 * RotationLedger: keeps in the state which ledger the secrets were made after, and refuses an older one before a secret is touched.
 *
 * It asks nobody: no sign-in, no Exchange. The secrets depend on it, so that its refusal comes first, in a preview as well.
 */
import { z } from 'zod';
import { InteropError } from '../../../errors.js';
import { readLedgerText, refuseStaleLedger, type SavedLedger } from '../../../identity/ledger-guard.js';
import type { Properties } from '../kernel/index.js';
import { compareInputs, exchangeResource, noImport } from '../resource.js';

/** The revision stands beside the text, so that it is known of a ledger that a later version has written, too. */
const inputs = z.object({
  ledger: z.string().refine(isLedger, 'is no ledger that this version knows'),
  revision: z.int().min(1),
  stack: z.string().min(1),
});
const outputs = inputs.extend({ ledger: z.string() });
type Inputs = z.output<typeof inputs>;

export const rotationLedger = exchangeResource<typeof inputs, typeof outputs>({
  inputs,
  outputs,

  diff: (request) => {
    const { ledger, revision, stack } = request.news;
    if (typeof ledger !== 'string' || typeof revision !== 'number') return compareInputs(request);
    refuse(request.oldInputs, { ledger, revision, stack: String(stack) });
    // What is not refused and has the same revision says the same, but for key ids.
    return request.oldInputs.revision === revision ? [] : compareInputs(request, { ignored: ['stack'] });
  },

  create: async (_, wanted) => ({ id: 'ledger', outputs: wanted }),

  // The state is the only place that it is in.
  read: async (_, { id, oldInputs }) => {
    if (oldInputs === undefined) noImport('the rotation ledger');
    return { id, outputs: oldInputs, inputs: oldInputs };
  },

  update: async (_, { olds }, wanted) => {
    refuse(olds, wanted);
    return { outputs: wanted };
  },

  delete: async () => undefined,
});

function refuse(before: Readonly<Record<string, unknown>>, wanted: Inputs): void {
  const refusal = refuseStaleLedger(savedIn(before), readLedgerText(wanted.ledger), wanted.stack);
  if (refusal !== undefined) throw refusal;
}

/** @throws InteropError when the state does not tell: going on could remove the secret in use. */
function savedIn({ revision, ledger }: Properties | Readonly<Record<string, unknown>>): SavedLedger {
  if (typeof revision === 'number' && typeof ledger === 'string') return { revision, text: ledger };
  throw new InteropError({
    kind: 'resource',
    summary: 'the ledger in the state is not readable, so nothing was changed',
    next: ['restore the state from a backup (pulumi stack import)'],
  });
}

function isLedger(text: string): boolean {
  try {
    readLedgerText(text);
    return true;
  } catch {
    return false;
  }
}
