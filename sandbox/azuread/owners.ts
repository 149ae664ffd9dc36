/** Owners of applications and service principals, which both have the same way. */
import { type Graph, type GraphFailure, path } from './graph.js';
import { text } from './values.js';

/** Where the owners are: below `/applications/<id>` or `/servicePrincipals/<id>`. */
export type Owned = string;

/** The most owners that a create can carry; the caller is the first of them. */
const BOUND_AT_CREATE = 20;

/** Who is bound at create (the caller first: it keeps access until the end), and who is added afterwards. */
export function planOwners(callerId: string, wanted: readonly string[]) {
  const others = wanted.filter((owner) => owner !== callerId);
  const bound = [callerId, ...others.slice(0, BOUND_AT_CREATE - 1)];
  return { bound, later: others.slice(BOUND_AT_CREATE - 1), isCallerWanted: wanted.includes(callerId) };
}

/** Object ids, sorted. */
export async function readOwners(graph: Graph, owned: Owned): Promise<string[]> {
  const owners = await graph.list({ path: `${owned}/owners` });
  return owners.flatMap((owner) => text(owner, 'id') ?? []).sort();
}

export async function addOwner(graph: Graph, owned: Owned, objectId: string, isFresh = false): Promise<void> {
  await graph.send({
    method: 'POST',
    path: `${owned}/owners/$ref`,
    body: { '@odata.id': graph.reference(objectId) },
    ...(isFresh ? { retryOn: (failure: GraphFailure) => failure.status === 404 } : {}),
  });
}

export async function removeOwner(graph: Graph, owned: Owned, objectId: string): Promise<void> {
  await graph.send({ method: 'DELETE', path: `${owned}/owners/${path`${objectId}`}/$ref` });
}

/** Adds before it removes: no moment without an owner. */
export async function changeOwners(graph: Graph, owned: Owned, wanted: readonly string[]): Promise<void> {
  const present = await readOwners(graph, owned);
  for (const owner of wanted.filter((id) => !present.includes(id))) await addOwner(graph, owned, owner);
  for (const owner of present.filter((id) => !wanted.includes(id))) await removeOwner(graph, owned, owner);
}
