/** Answers with many objects: filtered, cut into pages, selected from. */
import type { DirectoryObject, Stored } from '../entra/model.js';
import type { Place, Table } from '../entra/table.js';
import type { Json, JsonObject } from '../json.js';
import { entity, type GraphAnswer, type GraphContext } from './context.js';
import { type FilterFields, passes, requiredTexts } from './odata/evaluate.js';
import {
  type ListQuery,
  readListQuery,
  readSelectQuery,
  selectProperties,
  writeSkipToken,
} from './odata/query.js';
import { viewMixed } from './views.js';

/** Gives what is behind a place in a list's order; the query may narrow it. */
export type Candidates<T> = (after: Place, query: ListQuery) => Iterable<readonly [Place, T]>;

/** A list that a route answers with. */
export interface ListRequest<T> {
  /** `applications` or the like, for `@odata.context`. */
  readonly set: string;
  /** The type's name, without `microsoft.graph.`. */
  readonly type: string;
  readonly fields: FilterFields;
  readonly candidates: Candidates<T>;
  readonly view: (object: T) => JsonObject;
  /** What is shown where nothing is selected; all of it unless given. */
  readonly unselected?: (view: JsonObject) => JsonObject;
}

/** @throws GraphError 400 for a query that Graph would refuse. */
export function answerList<T>(context: GraphContext, list: ListRequest<T>): GraphAnswer {
  const query = readListQuery(context.request, list.fields, capital(list.type));
  const { page, lastPlace, count } = collect(list, query);
  const value = page.map((view) =>
    query.select === undefined
      ? (list.unselected?.(view) ?? view)
      : selectProperties(view, query.select, list.type),
  );
  const more: Record<string, Json> = {};
  if (count !== undefined) more['@odata.count'] = count;
  if (lastPlace !== undefined) more['@odata.nextLink'] = nextLink(context, lastPlace);
  return { status: 200, body: entity(context, list.set, { ...more, value }) };
}

function collect<T>(list: ListRequest<T>, query: ListQuery) {
  const page: JsonObject[] = [];
  let lastPlace: Place | undefined;
  let fullAt: Place | undefined;
  let count = 0;
  for (const [place, object] of list.candidates(query.count ? 0 : query.after, query)) {
    const view = list.view(object);
    if (query.filter !== undefined && !passes(query.filter, view)) continue;
    count += 1;
    if (place <= query.after) continue;
    if (page.length < query.top) {
      page.push(view);
      fullAt = place;
      continue;
    }
    lastPlace = fullAt;
    if (!query.count) break;
  }
  return { page, lastPlace, count: query.count ? count : undefined };
}

/** All of a table that reads see, narrowed by what the table can look up. */
export function tableCandidates<T extends Stored>(
  table: Table<T>,
  sees: (object: T) => boolean,
): Candidates<T> {
  return function* candidates(after, query) {
    for (const [place, object] of rows(table, after, query)) if (sees(object)) yield [place, object];
  };
}

function rows<T extends Stored>(
  table: Table<T>,
  after: Place,
  query: ListQuery,
): Iterable<readonly [Place, T]> {
  for (const [property, value] of query.filter === undefined ? [] : requiredTexts(query.filter)) {
    const found = table.lookUp(property, value);
    if (found !== undefined) return listRows(found, after);
  }
  return table.after(after);
}

function* listRows<T>(objects: readonly T[], after: Place): Iterable<readonly [Place, T]> {
  for (const [index, object] of objects.entries()) if (index + 1 > after) yield [index + 1, object];
}

/** Objects that are at hand. */
export function listCandidates<T>(objects: readonly T[]): Candidates<T> {
  return (after) => listRows(objects, after);
}

const MIXED_FIELDS: FilterFields = { scalars: ['id', 'displayName', 'userPrincipalName'], lists: [] };

/** Owners, members and the like: objects of several kinds, those that reads see. */
export function answerMixedList(context: GraphContext, ids: readonly string[]): GraphAnswer {
  const { directory } = context;
  const objects = ids
    .map((id) => directory.find(id))
    .filter((object): object is DirectoryObject => object !== undefined && directory.sees(object));
  return answerList<DirectoryObject>(context, {
    set: 'directoryObjects',
    type: 'directoryObject',
    fields: MIXED_FIELDS,
    candidates: listCandidates(objects),
    view: (object) => viewMixed(directory, object),
  });
}

/** One object, with `$select`. */
export function answerEntity(
  context: GraphContext,
  set: string,
  type: string,
  view: JsonObject,
): GraphAnswer {
  const selected = selectProperties(view, readSelectQuery(context.request), type);
  return { status: 200, body: entity(context, `${set}/$entity`, selected) };
}

function nextLink(context: GraphContext, lastPlace: Place): string {
  const query = new URLSearchParams(context.request.query);
  query.set('$skiptoken', writeSkipToken(lastPlace));
  return `${context.base}${context.request.path}?${query}`;
}

function capital(type: string): string {
  return type.charAt(0).toUpperCase() + type.slice(1);
}
