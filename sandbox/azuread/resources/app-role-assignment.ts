/** AppRoleAssignment: an app role granted to a principal, which is admin consent (azuread-wire 3.6). */
import { z } from 'zod';
import { defineResource } from '../../../infra/exchange/provider/kernel/index.js';
import { graphFor, type Tenant } from '../context.js';
import { type Graph, type GraphFailure, type JsonObject, path } from '../graph.js';
import { afterCreate } from '../partial.js';
import { guid, idParts, requiredText, text } from '../values.js';

const inputs = z.object({ appRoleId: guid, principalObjectId: guid, resourceObjectId: guid });
const outputs = inputs.extend({
  principalDisplayName: z.string(),
  principalType: z.string(),
  resourceDisplayName: z.string(),
});
type State = z.output<typeof outputs>;

const ID_FORM = '/servicePrincipals/<object id of the resource>/appRoleAssignedTo/<assignment id>';

export const appRoleAssignment = defineResource<Tenant, typeof inputs, typeof outputs>({
  inputs,
  outputs,
  replaceOn: ['appRoleId', 'principalObjectId', 'resourceObjectId'],
  stables: ['principalDisplayName', 'principalType', 'resourceDisplayName'],

  create: async (operation, wanted) => {
    const graph = graphFor(operation, 'create');
    const resource = path`/servicePrincipals/${wanted.resourceObjectId}`;
    await graph.send({ method: 'GET', path: resource });
    const made = await graph.send({
      method: 'POST',
      path: `${resource}/appRoleAssignedTo`,
      body: {
        appRoleId: wanted.appRoleId,
        principalId: wanted.principalObjectId,
        resourceId: wanted.resourceObjectId,
      },
      retryOn: isPrincipalNotReplicatedYet,
    });
    const id = `/servicePrincipals/${requiredText(made, 'resourceId')}/appRoleAssignedTo/${requiredText(made, 'id')}`;
    return await afterCreate(id, stateOf(made), async () => {
      const state = await readState(graph, id);
      if (state === undefined) throw new Error(`the app role assignment ${id} vanished while it was made`);
      return { id, outputs: state };
    });
  },

  read: async (operation, { id }) => {
    const state = await readState(graphFor(operation, 'read'), id);
    if (state === undefined) return undefined;
    const { appRoleId, principalObjectId, resourceObjectId } = state;
    return { id, outputs: state, inputs: { appRoleId, principalObjectId, resourceObjectId } };
  },

  // All inputs replace: this finishes a create that was cut off.
  update: async (operation, { id }) => {
    const state = await readState(graphFor(operation, 'update'), id);
    if (state === undefined) throw new Error(`the app role assignment ${id} does not exist any more`);
    return { outputs: state };
  },

  delete: async (operation, { id }) => {
    await graphFor(operation, 'delete').send({ method: 'DELETE', path: assignmentPath(id) });
  },
});

function assignmentPath(id: string): string {
  const [resource = '', assignment = ''] = idParts(id, ID_FORM);
  return path`/servicePrincipals/${resource}/appRoleAssignedTo/${assignment}`;
}

function isPrincipalNotReplicatedYet(failure: GraphFailure): boolean {
  return (
    failure.status === 404 ||
    (failure.status === 400 && failure.reason.includes('Not a valid reference update'))
  );
}

async function readState(graph: Graph, id: string): Promise<State | undefined> {
  const found = await graph.find({ path: assignmentPath(id) });
  return found === undefined ? undefined : stateOf(found);
}

function stateOf(found: JsonObject): State {
  return {
    appRoleId: requiredText(found, 'appRoleId'),
    principalObjectId: requiredText(found, 'principalId'),
    resourceObjectId: requiredText(found, 'resourceId'),
    principalDisplayName: text(found, 'principalDisplayName') ?? '',
    principalType: text(found, 'principalType') ?? '',
    resourceDisplayName: text(found, 'resourceDisplayName') ?? '',
  };
}
