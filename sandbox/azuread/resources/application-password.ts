/** ApplicationPassword: a client secret (azuread-wire 3.4; application_password_resource.go). Its value is told once. */
import { z } from 'zod';
import { defineResource } from '../../../infra/exchange/provider/kernel/index.js';
import { untilConsistent } from '../consistency.js';
import { graphFor, type Tenant } from '../context.js';
import { type Graph, type JsonObject, path } from '../graph.js';
import { afterCreate } from '../partial.js';
import { unsupported } from '../unsupported.js';
import { applicationIdSchema, applicationObjectId, idParts, objects, requiredText, text } from '../values.js';

const time = z.iso.datetime({
  offset: true,
  message: 'must be a time in RFC 3339 form, such as 2027-01-31T12:00:00Z',
});

const inputs = z.object({
  applicationId: applicationIdSchema,
  displayName: z.string().min(1).optional(),
  endDate: time.optional(),
  rotateWhenChanged: z.record(z.string(), z.string()).optional(),
  startDate: time.optional(),
});
type Wanted = z.output<typeof inputs>;

const outputs = inputs.extend({
  displayName: z.string(),
  endDate: z.string(),
  keyId: z.string(),
  startDate: z.string(),
  value: z.string(),
});
type State = z.output<typeof outputs>;

const ID_FORM = '<application object id>/password/<key id>';

export const applicationPassword = defineResource<Tenant, typeof inputs, typeof outputs>({
  inputs,
  outputs,
  refused: unsupported('endDateRelative'),
  replaceOn: ['applicationId', 'displayName', 'endDate', 'rotateWhenChanged', 'startDate'],
  secretOutputs: ['value'],
  computedInputs: ['displayName', 'endDate', 'startDate'],
  stables: ['keyId', 'value'],

  create: async (operation, wanted) => {
    const objectId = applicationObjectId(wanted.applicationId);
    const graph = graphFor(operation, 'create');
    return await operation.context.locks.with(objectId, async () => {
      const at = path`/applications/${objectId}`;
      await graph.send({ method: 'GET', path: at });
      const made = await graph.send({
        method: 'POST',
        path: `${at}/addPassword`,
        body: { passwordCredential: credentialBody(wanted) },
      });
      const value = requiredText(made, 'secretText');
      operation.keepSecret(value);
      const keyId = requiredText(made, 'keyId');
      const id = `${objectId}/password/${keyId}`;
      return await afterCreate(id, stateOf(wanted, made, value), async () => {
        await untilConsistent(
          'secret',
          graph.signal,
          async () => (await findKey(graph, objectId, keyId)) !== undefined,
        );
        const found = await findKey(graph, objectId, keyId);
        if (found === undefined) throw new Error(`the secret ${keyId} vanished while it was made`);
        return { id, outputs: stateOf(wanted, found, value) };
      });
    });
  },

  read: async (operation, { id, olds, oldInputs }) => {
    if (olds.value === undefined)
      throw new Error('a secret cannot be imported: nobody can read its value again');
    const [objectId = '', keyId = ''] = idParts(id, ID_FORM);
    const found = await findKey(graphFor(operation, 'read'), objectId, keyId);
    if (found === undefined) return undefined;
    const kept: Wanted = oldInputs ?? { applicationId: `/applications/${objectId}` };
    return { id, outputs: stateOf(kept, found, olds.value), inputs: kept };
  },

  // All inputs replace: this finishes a create that was cut off.
  update: async (operation, { id, olds }, wanted) => {
    const [objectId = '', keyId = ''] = idParts(id, ID_FORM);
    const found = await findKey(graphFor(operation, 'update'), objectId, keyId);
    if (found === undefined || olds.value === undefined)
      throw new Error(`the secret ${keyId} does not exist any more`);
    return { outputs: stateOf(wanted, found, olds.value) };
  },

  delete: async (operation, { id }) => {
    const [objectId = '', keyId = ''] = idParts(id, ID_FORM);
    const graph = graphFor(operation, 'delete');
    await operation.context.locks.with(objectId, async () => {
      const at = path`/applications/${objectId}`;
      await graph.send({ method: 'POST', path: `${at}/removePassword`, body: { keyId } });
      await untilConsistent('object', graph.signal, async () => {
        const application = await graph.send({ method: 'GET', path: at });
        return keyOf(application, keyId) === undefined;
      });
    });
  },
});

/** Entra counts whole seconds. */
function credentialBody(wanted: Wanted): JsonObject {
  return {
    ...(wanted.displayName === undefined ? {} : { displayName: wanted.displayName }),
    ...(wanted.startDate === undefined ? {} : { startDateTime: inSeconds(wanted.startDate) }),
    ...(wanted.endDate === undefined ? {} : { endDateTime: inSeconds(wanted.endDate) }),
  };
}

function inSeconds(date: string): string {
  return new Date(date).toISOString().replace(/\.\d+Z$/, 'Z');
}

async function findKey(graph: Graph, objectId: string, keyId: string): Promise<JsonObject | undefined> {
  const application = await graph.find({ path: path`/applications/${objectId}` });
  return application === undefined ? undefined : keyOf(application, keyId);
}

function keyOf(application: JsonObject, keyId: string): JsonObject | undefined {
  return objects(application, 'passwordCredentials').find((key) => text(key, 'keyId') === keyId);
}

/** Dates as they were given: Entra may write the same moment in another way. */
function stateOf(wanted: Wanted, found: JsonObject, value: string): State {
  return {
    ...wanted,
    displayName: wanted.displayName ?? text(found, 'displayName') ?? '',
    startDate: wanted.startDate ?? text(found, 'startDateTime') ?? '',
    endDate: wanted.endDate ?? text(found, 'endDateTime') ?? '',
    keyId: requiredText(found, 'keyId'),
    value,
  };
}
