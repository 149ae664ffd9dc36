/** /applications/{id}/federatedIdentityCredentials: which issuers' assertions an application may sign in with. */
import type { Application, FederatedCredential } from '../entra/model.js';
import { type JsonObject, textOf, textsOf } from '../json.js';
import { FEDERATED_SCHEMA } from './application-schema.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT, param } from './context.js';
import { badRequest, conflict, notFound } from './errors.js';
import { answerEntity, answerList, listCandidates } from './lists.js';
import { namedApplication } from './references.js';
import { readEntity } from './schema.js';
import { viewFederated } from './views.js';

const SET = 'applications/federatedIdentityCredentials';
const TYPE = 'federatedIdentityCredential';
/** Entra's limit per application. */
const MOST = 20;

export function listFederatedCredentials(context: GraphContext): GraphAnswer {
  const known = namedApplication(context).federated.filter((credential) =>
    context.directory.sees(credential),
  );
  return answerList(context, {
    set: SET,
    type: TYPE,
    fields: { scalars: ['name', 'issuer', 'subject'], lists: [] },
    candidates: listCandidates(known),
    view: viewFederated,
  });
}

export function getFederatedCredential(context: GraphContext): GraphAnswer {
  return answerEntity(context, SET, TYPE, viewFederated(named(context, namedApplication(context))));
}

export function createFederatedCredential(context: GraphContext): GraphAnswer {
  const { directory } = context;
  const application = namedApplication(context);
  const { values } = readEntity(FEDERATED_SCHEMA, jsonBody(context), 'create');
  if (application.federated.length >= MOST) {
    throw badRequest(`Invalid operation: no more than ${MOST} federated identity credentials can be added.`);
  }
  const credential: FederatedCredential = {
    ...directory.stamp(),
    id: directory.random.nextUuid('federated credential'),
    name: textOf(values.name) ?? '',
    ...changeable(values),
  };
  refuseTwins(application, credential);
  directory.put({ ...application, federated: [...application.federated, credential] });
  return {
    status: 201,
    body: entity(context, `${SET}/$entity`, viewFederated(credential)),
    location: `/applications/${application.id}/federatedIdentityCredentials/${credential.id}`,
  };
}

export function updateFederatedCredential(context: GraphContext): GraphAnswer {
  const application = namedApplication(context);
  const credential = named(context, application);
  const { values } = readEntity(FEDERATED_SCHEMA, jsonBody(context), 'update');
  const changed = { ...credential, ...changeable({ ...viewFederated(credential), ...values }) };
  refuseTwins(application, changed);
  const federated = application.federated.map((known) => (known.id === changed.id ? changed : known));
  context.directory.put({ ...application, federated });
  return NO_CONTENT;
}

export function deleteFederatedCredential(context: GraphContext): GraphAnswer {
  const application = namedApplication(context);
  const { id } = named(context, application);
  const federated = application.federated.filter((credential) => credential.id !== id);
  context.directory.put({ ...application, federated });
  return NO_CONTENT;
}

function changeable(values: JsonObject) {
  const audiences = textsOf(values.audiences);
  if (audiences.length !== 1) throw badRequest("Property 'audiences' must hold exactly one value.");
  return {
    audiences,
    description: textOf(values.description) ?? null,
    issuer: textOf(values.issuer) ?? '',
    subject: textOf(values.subject) ?? '',
  };
}

/** By id, or by name as Graph allows. */
function named(context: GraphContext, application: Application): FederatedCredential {
  const id = param(context, 'credentialId');
  const found = application.federated.find((credential) => credential.id === id || credential.name === id);
  if (found === undefined || !context.directory.sees(found)) throw notFound(id);
  return found;
}

/** Name, and issuer with subject, are unique in an application. */
function refuseTwins(application: Application, credential: FederatedCredential): void {
  const others = application.federated.filter((known) => known.id !== credential.id);
  if (others.some((known) => known.name === credential.name)) {
    throw conflict(`FederatedIdentityCredential with name ${credential.name} already exists.`);
  }
  if (others.some((known) => known.issuer === credential.issuer && known.subject === credential.subject)) {
    throw conflict('FederatedIdentityCredential with the same issuer and subject already exists.');
  }
}
