/** ApplicationOwner: one more owner of a registration (azuread-wire 3.7). */
import { z } from 'zod';
import { defineResource } from '../../../infra/exchange/provider/kernel/index.js';
import { graphFor, type Tenant } from '../context.js';
import { type Graph, odataText, path, unlessMissing } from '../graph.js';
import { addOwner, removeOwner } from '../owners.js';
import { applicationIdSchema, applicationObjectId, guid, idParts } from '../values.js';

const inputs = z.object({ applicationId: applicationIdSchema, ownerObjectId: guid });
const ID_FORM = '/applications/<object id>/owners/<object id>';

export const applicationOwner = defineResource<Tenant, typeof inputs, typeof inputs>({
  inputs,
  outputs: inputs,
  replaceOn: ['applicationId', 'ownerObjectId'],

  create: async (operation, wanted) => {
    const objectId = applicationObjectId(wanted.applicationId);
    const graph = graphFor(operation, 'create');
    return await operation.context.locks.with(objectId, async () => {
      const id = `/applications/${objectId}/owners/${wanted.ownerObjectId}`;
      if (await isOwner(graph, objectId, wanted.ownerObjectId)) {
        throw new Error(`the owner ${id} exists already: to manage it with Pulumi, import it`);
      }
      await addOwner(graph, path`/applications/${objectId}`, wanted.ownerObjectId, true);
      await isOwner(graph, objectId, wanted.ownerObjectId);
      return { id, outputs: wanted };
    });
  },

  read: async (operation, { id }) => {
    const [objectId = '', ownerObjectId = ''] = idParts(id, ID_FORM);
    if (!(await isOwner(graphFor(operation, 'read'), objectId, ownerObjectId))) return undefined;
    const state = { applicationId: `/applications/${objectId}`, ownerObjectId };
    return { id, outputs: state, inputs: state };
  },

  delete: async (operation, { id }) => {
    const [objectId = '', ownerObjectId = ''] = idParts(id, ID_FORM);
    await operation.context.locks.with(objectId, () =>
      removeOwner(graphFor(operation, 'delete'), path`/applications/${objectId}`, ownerObjectId),
    );
  },
});

async function isOwner(graph: Graph, objectId: string, ownerObjectId: string): Promise<boolean> {
  const at = path`/applications/${objectId}`;
  const filter = `id eq ${odataText(ownerObjectId)}`;
  const found = await unlessMissing(graph.list({ path: `${at}/owners`, query: { filter } }));
  return found?.some((owner) => owner.id === ownerObjectId) === true;
}
