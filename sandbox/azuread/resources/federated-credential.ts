/** ApplicationFederatedIdentityCredential: sign-in with another issuer's tokens (azuread-wire 3.7). */
import { z } from 'zod';
import { defineResource } from '../../../infra/exchange/provider/kernel/index.js';
import { untilConsistent } from '../consistency.js';
import { graphFor, type Tenant } from '../context.js';
import { type Graph, type JsonObject, path } from '../graph.js';
import { afterCreate } from '../partial.js';
import {
  applicationIdSchema,
  applicationObjectId,
  type Comparison,
  compareWithState,
  httpUrl,
  idParts,
  inputsFromState,
  requiredText,
  text,
  texts,
} from '../values.js';

const inputs = z.object({
  applicationId: applicationIdSchema,
  audiences: z.array(z.string().min(1)).length(1),
  description: z.string().max(600).optional(),
  displayName: z.string().regex(/^[\w-]{3,120}$/, 'must be 3 to 120 letters, digits, hyphens or underscores'),
  issuer: httpUrl,
  subject: z.string().min(1).max(600),
});
type Wanted = z.output<typeof inputs>;
const outputs = inputs.extend({ credentialId: z.string() });
type State = z.output<typeof outputs>;

const comparison: Comparison = {
  names: Object.keys(inputs.shape),
  defaults: {},
  computed: [],
  unordered: ['audiences'],
};
const ID_FORM = '<application object id>/federatedIdentityCredential/<credential id>';

export const federatedCredential = defineResource<Tenant, typeof inputs, typeof outputs>({
  inputs,
  outputs,
  replaceOn: ['applicationId', 'displayName'],
  stables: ['credentialId'],
  diff: ({ olds, news }) => compareWithState(comparison, olds, news),

  create: async (operation, wanted) => {
    const objectId = applicationObjectId(wanted.applicationId);
    const graph = graphFor(operation, 'create');
    return await operation.context.locks.with(objectId, async () => {
      const at = path`/applications/${objectId}`;
      await graph.send({ method: 'GET', path: at });
      const made = await graph.send({
        method: 'POST',
        path: `${at}/federatedIdentityCredentials`,
        body: { ...bodyOf(wanted), name: wanted.displayName },
      });
      const id = `${objectId}/federatedIdentityCredential/${requiredText(made, 'id')}`;
      return await afterCreate(id, stateOf(objectId, made), async () => {
        await untilConsistent('object', graph.signal, async () => (await readState(graph, id)) !== undefined);
        const state = await readState(graph, id);
        if (state === undefined) throw new Error(`the federated credential ${id} vanished while it was made`);
        return { id, outputs: state };
      });
    });
  },

  read: async (operation, { id, oldInputs }) => {
    const state = await readState(graphFor(operation, 'read'), id);
    if (state === undefined) return undefined;
    return { id, outputs: state, inputs: inputsFromState(comparison, state, oldInputs) as Wanted };
  },

  update: async (operation, { id }, wanted) => {
    const graph = graphFor(operation, 'update');
    const [objectId = ''] = idParts(id, ID_FORM);
    return await operation.context.locks.with(objectId, async () => {
      await graph.send({ method: 'PATCH', path: credentialPath(id), body: bodyOf(wanted) });
      const state = await readState(graph, id);
      if (state === undefined) throw new Error(`the federated credential ${id} does not exist any more`);
      return { outputs: state };
    });
  },

  delete: async (operation, { id }) => {
    const graph = graphFor(operation, 'delete');
    const [objectId = ''] = idParts(id, ID_FORM);
    await operation.context.locks.with(objectId, async () => {
      await graph.send({ method: 'DELETE', path: credentialPath(id) });
      await untilConsistent('object', graph.signal, async () => (await readState(graph, id)) === undefined);
    });
  },
});

function credentialPath(id: string): string {
  const [objectId = '', credentialId = ''] = idParts(id, ID_FORM);
  return path`/applications/${objectId}/federatedIdentityCredentials/${credentialId}`;
}

async function readState(graph: Graph, id: string): Promise<State | undefined> {
  const found = await graph.find({ path: credentialPath(id) });
  return found === undefined ? undefined : stateOf(idParts(id, ID_FORM)[0] ?? '', found);
}

function bodyOf(wanted: Wanted): JsonObject {
  return {
    audiences: wanted.audiences,
    description: wanted.description ?? null,
    issuer: wanted.issuer,
    subject: wanted.subject,
  };
}

function stateOf(objectId: string, found: JsonObject): State {
  return {
    applicationId: `/applications/${objectId}`,
    audiences: texts(found, 'audiences'),
    credentialId: requiredText(found, 'id'),
    description: text(found, 'description'),
    displayName: text(found, 'name') ?? '',
    issuer: text(found, 'issuer') ?? '',
    subject: text(found, 'subject') ?? '',
  };
}
