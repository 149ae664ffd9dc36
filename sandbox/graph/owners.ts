/** Owners of applications and service principals: the same for both. */
import type { Application, ServicePrincipal } from '../entra/model.js';
import { type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT, param } from './context.js';
import { badRequest, denied, notFound } from './errors.js';
import { answerMixedList } from './lists.js';
import { namedApplication, namedPrincipal, referencedOwner } from './references.js';

type Owned = Application | ServicePrincipal;
type Find = (context: GraphContext) => Owned;

const ALREADY_THERE =
  "One or more added object references already exist for the following modified properties: 'owners'.";

/** Owners of what is being created: those bound, and the caller where it may act on its own only. */
export function newOwners(context: GraphContext, urls: readonly string[]): readonly string[] {
  const bound = urls.map((url) => referencedOwner(context, url));
  if (new Set(bound).size !== bound.length) throw badRequest(ALREADY_THERE);
  return context.ownedOnly ? [...new Set([context.caller.principalId, ...bound])] : bound;
}

function list(find: Find): (context: GraphContext) => GraphAnswer {
  return (context) => answerMixedList(context, find(context).owners);
}

function add(find: Find): (context: GraphContext) => GraphAnswer {
  return (context) => {
    const object = find(context);
    // Application.ReadWrite.OwnedBy lets owners in at creation only.
    if (context.ownedOnly) throw denied();
    const owner = referencedOwner(context, jsonBody(context)['@odata.id']);
    if (object.owners.includes(owner)) throw badRequest(ALREADY_THERE);
    context.directory.put({ ...object, owners: [...object.owners, owner] });
    return NO_CONTENT;
  };
}

function remove(find: Find): (context: GraphContext) => GraphAnswer {
  return (context) => {
    const object = find(context);
    const owner = param(context, 'ownerId').toLowerCase();
    if (!object.owners.includes(owner)) throw notFound(owner);
    context.directory.put({ ...object, owners: object.owners.filter((id) => id !== owner) });
    return NO_CONTENT;
  };
}

export const listApplicationOwners = list(namedApplication);
export const addApplicationOwner = add(namedApplication);
export const removeApplicationOwner = remove(namedApplication);
export const listPrincipalOwners = list(namedPrincipal);
export const addPrincipalOwner = add(namedPrincipal);
export const removePrincipalOwner = remove(namedPrincipal);
