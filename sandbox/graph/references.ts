/** Finding what a request names: by object id, by alternate key, by URL. */
import type { Directory } from '../entra/directory.js';
import type { Application, DirectoryObject, Group, ServicePrincipal, User } from '../entra/model.js';
import type { Json } from '../json.js';
import { type GraphContext, param } from './context.js';
import { badRequest, denied, notFound } from './errors.js';

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** What the router makes of `applications(appId='…')`. */
const ALTERNATE_KEY = /^\(appId=(.*)\)$/;

/** The application that the route names; @throws GraphError 404 or, where the caller may act on its own only, 403. */
export function namedApplication(context: GraphContext): Application {
  return owned(
    context,
    find(context, (id) => context.directory.applications.get(id), 'applicationByAppId'),
  );
}

/** The same for a service principal. */
export function namedPrincipal(context: GraphContext): ServicePrincipal {
  return owned(
    context,
    find(context, (id) => context.directory.servicePrincipals.get(id), 'principalByAppId'),
  );
}

function find<T extends Application | ServicePrincipal>(
  context: GraphContext,
  byId: (id: string) => T | undefined,
  byAppId: 'applicationByAppId' | 'principalByAppId',
): T {
  const id = param(context, 'id');
  const appId = ALTERNATE_KEY.exec(id)?.[1];
  if (appId === undefined && !GUID.test(id)) throw badRequest(`Invalid object identifier '${id}'.`);
  const found =
    appId === undefined ? byId(id.toLowerCase()) : (context.directory[byAppId](appId) as T | undefined);
  if (found === undefined || !context.directory.sees(found)) throw notFound(appId ?? id);
  return found;
}

function owned<T extends Application | ServicePrincipal>(context: GraphContext, object: T): T {
  if (context.ownedOnly && !object.owners.includes(context.caller.principalId)) throw denied();
  return object;
}

/** The user that the route names by object id or user principal name. */
export function namedUser(context: GraphContext): User {
  const id = param(context, 'id');
  const { users } = context.directory;
  const found = GUID.test(id) ? users.get(id.toLowerCase()) : users.lookUp('userPrincipalName', id)?.[0];
  if (found === undefined || !context.directory.sees(found)) throw notFound(id);
  return found;
}

export function namedGroup(context: GraphContext): Group {
  const id = param(context, 'id');
  if (!GUID.test(id)) throw badRequest(`Invalid object identifier '${id}'.`);
  const found = context.directory.groups.get(id.toLowerCase());
  if (found === undefined || !context.directory.sees(found)) throw notFound(id);
  return found;
}

const REFERENCE_SETS = ['directoryObjects', 'users', 'servicePrincipals', 'groups'];

/**
 * The object that `@odata.id` or an `@odata.bind` names.
 *
 * @throws GraphError 400 for a URL that is none of Graph's, 404 for an object that is not seen.
 */
export function referencedObject(context: GraphContext, url: Json | undefined): DirectoryObject {
  const id = idInUrl(context.base, url);
  return visibleObject(context.directory, id);
}

function idInUrl(base: string, url: Json | undefined): string {
  const invalid = badRequest(`Invalid URL format specified for reference: '${String(url)}'.`);
  if (typeof url !== 'string' || !url.startsWith(`${base}/`)) throw invalid;
  const [version = '', set = '', id = '', ...rest] = url.slice(base.length + 1).split('/');
  const isReference = /^(v1\.0|beta)$/.test(version) && REFERENCE_SETS.includes(set) && GUID.test(id);
  if (!isReference || rest.length > 0) throw invalid;
  return id.toLowerCase();
}

/** @throws GraphError 404. */
export function visibleObject(directory: Directory, id: string): DirectoryObject {
  const found = directory.find(id);
  if (found === undefined || !directory.sees(found)) throw notFound(id);
  return found;
}

/** An owner: a user or a service principal. @throws GraphError 400 or 404. */
export function referencedOwner(context: GraphContext, url: Json | undefined): string {
  const object = referencedObject(context, url);
  if (object.kind === 'user' || object.kind === 'servicePrincipal') return object.id;
  throw badRequest(
    `The reference target '${object.id}' of type '${object.kind}' is invalid for the 'owners' reference.`,
  );
}
