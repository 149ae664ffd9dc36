/** The whole directory as plain JSON, for comparisons: every object in the order of its id, no secret but its hash. */
import { isoSeconds } from '../clock.js';
import type { JsonObject } from '../json.js';
import type { Directory } from './directory.js';
import type { Stored } from './model.js';
import { all } from './table.js';

export function describeState(directory: Directory): JsonObject {
  const { tenant } = directory;
  return {
    tenant: {
      id: tenant.id,
      displayName: tenant.displayName,
      domains: tenant.domains.map((it) => ({ ...it })),
    },
    applications: sorted(all(directory.applications)),
    servicePrincipals: sorted(all(directory.servicePrincipals)),
    appRoleAssignments: sorted(all(directory.assignments)),
    users: sorted(all(directory.users)),
    groups: sorted(all(directory.groups)),
    roleAssignments: sorted(all(directory.roleAssignments)),
    deletedItems: [...directory.deleted.values()]
      .sort((one, other) => compare(one.object.id, other.object.id))
      .map(({ object, deletedAt }) => ({ ...plain(object), deletedDateTime: isoSeconds(deletedAt) })),
  };
}

function sorted(objects: Iterable<Stored>): JsonObject[] {
  return [...objects].sort((one, other) => compare(one.id, other.id)).map(plain);
}

/** Byte order: the same on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Times of creation in Graph's form; when reads see it is no part of the state. */
function plain(object: Stored): JsonObject {
  const { createdAt, visibleAt: _, ...rest } = object;
  return { ...withoutVisibility(rest), createdDateTime: isoSeconds(createdAt) };
}

function withoutVisibility(value: object): JsonObject {
  return JSON.parse(
    JSON.stringify(value, (name, member: unknown) => {
      if (name === 'visibleAt') return undefined;
      return name === 'createdAt' ? isoSeconds(Number(member)) : member;
    }),
  ) as JsonObject;
}
