/** /directory/deletedItems: what was deleted and can be had back. */
import type { DeletedObject, DirectoryObject } from '../entra/model.js';
import { entity, type GraphAnswer, type GraphContext, NO_CONTENT, param } from './context.js';
import { badRequest, denied, notFound } from './errors.js';
import { answerEntity, answerList, listCandidates } from './lists.js';
import { deletedView, viewMixed, viewObject } from './views.js';

type Kind = DirectoryObject['kind'];

/** The role that reaches deleted objects of a kind: to read, and to restore or remove. */
const ROLES: Readonly<Record<Kind, { readonly read: readonly string[]; readonly write: readonly string[] }>> =
  {
    application: {
      read: [
        'Application.Read.All',
        'Application.ReadWrite.All',
        'Directory.Read.All',
        'Directory.ReadWrite.All',
      ],
      write: ['Application.ReadWrite.All'],
    },
    servicePrincipal: {
      read: [
        'Application.Read.All',
        'Application.ReadWrite.All',
        'Directory.Read.All',
        'Directory.ReadWrite.All',
      ],
      write: ['Application.ReadWrite.All'],
    },
    user: {
      read: ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
      write: ['User.ReadWrite.All'],
    },
    group: {
      read: ['Group.Read.All', 'Group.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
      write: ['Group.ReadWrite.All'],
    },
  };

export function listDeleted(context: GraphContext): GraphAnswer {
  const kind = /^microsoft\.graph\.(\w+)$/.exec(param(context, 'type'))?.[1] ?? '';
  if (!isKind(kind)) throw badRequest(`The type '${param(context, 'type')}' is not one of deleted items.`);
  checkRole(context, kind, 'read');
  const items = [...context.directory.deleted.values()].filter(({ object }) => object.kind === kind);
  return answerList<DeletedObject>(context, {
    set: 'directory/deletedItems',
    type: kind,
    fields: { scalars: ['appId', 'displayName', 'id', 'userPrincipalName'], lists: ['tags'] },
    candidates: listCandidates(items),
    view: ({ object, deletedAt }) => deletedView(viewObject(context.directory, object), deletedAt),
  });
}

export function getDeleted(context: GraphContext): GraphAnswer {
  const { object, deletedAt } = named(context, 'read');
  const view = deletedView(viewMixed(context.directory, object), deletedAt);
  return answerEntity(context, 'directory/deletedItems', object.kind, view);
}

export function restoreDeleted(context: GraphContext): GraphAnswer {
  const { directory } = context;
  const { object } = named(context, 'write');
  refuseTwin(context, object);
  directory.takeDeleted(object.id);
  directory.put(object);
  return { status: 200, body: entity(context, 'directoryObjects/$entity', viewMixed(directory, object)) };
}

export function purgeDeleted(context: GraphContext): GraphAnswer {
  context.directory.takeDeleted(named(context, 'write').object.id);
  return NO_CONTENT;
}

function named(context: GraphContext, act: 'read' | 'write'): DeletedObject {
  const id = param(context, 'id').toLowerCase();
  const found = context.directory.deleted.get(id);
  if (found === undefined) throw notFound(id);
  checkRole(context, found.object.kind, act);
  return found;
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(ROLES, kind);
}

function checkRole({ caller }: GraphContext, kind: Kind, act: 'read' | 'write'): void {
  if (!ROLES[kind][act].some((role) => caller.roles.has(role))) throw denied();
}

/** What took the object's unique name in the meantime stands in the way. */
function refuseTwin({ directory }: GraphContext, object: DirectoryObject): void {
  const isTaken =
    (object.kind === 'servicePrincipal' && directory.principalByAppId(object.appId) !== undefined) ||
    (object.kind === 'user' &&
      (directory.users.lookUp('userPrincipalName', String(object.properties.userPrincipalName)) ?? [])
        .length > 0);
  if (isTaken) throw badRequest('The object cannot be restored: another one has taken its name.');
  if (object.kind === 'servicePrincipal' && directory.applicationByAppId(object.appId) === undefined) {
    throw badRequest(
      `The appId '${object.appId}' of the service principal does not reference a valid application object.`,
      'NoBackingApplicationObject',
    );
  }
}
