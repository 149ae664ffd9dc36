/** The query options of a Graph request, checked. */
import type { JsonObject } from '../../json.js';
import { type HttpRequest, headerOf } from '../../server/http.js';
import { badRequest, notEmulated } from '../errors.js';
import { checkFilter, type FilterFields, isAdvanced } from './evaluate.js';
import { type Filter, parseFilter } from './filter.js';

export interface ListQuery {
  readonly filter: Filter | undefined;
  readonly select: readonly string[] | undefined;
  readonly top: number;
  /** The place behind which the page starts. */
  readonly after: number;
  readonly count: boolean;
}

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 999;
const LIST_OPTIONS = ['$filter', '$select', '$top', '$skiptoken', '$count'];
const KNOWN_OPTIONS = [...LIST_OPTIONS, '$expand', '$orderby', '$search', '$skip', '$format'];

/** @throws GraphError 400 for options that Graph refuses, 501 for those that the sandbox does not emulate. */
export function readListQuery(request: HttpRequest, fields: FilterFields, resource: string): ListQuery {
  checkOptions(request, LIST_OPTIONS);
  const filterText = request.query.get('$filter');
  const filter = filterText === null ? undefined : parseFilter(filterText);
  if (filter !== undefined) checkFilter(filter, fields, resource);
  const count = readFlag(request.query.get('$count'));
  const eventual = headerOf(request, 'consistencylevel')?.toLowerCase() === 'eventual';
  if (count && !eventual) throw badRequest('$count is not currently supported.', 'Request_UnsupportedQuery');
  if (filter !== undefined && isAdvanced(filter) && !(eventual && count)) {
    throw badRequest(
      'Unsupported Query: it wants the header ConsistencyLevel: eventual and $count=true.',
      'Request_UnsupportedQuery',
    );
  }
  return {
    filter,
    select: readSelect(request),
    top: readTop(request.query.get('$top')),
    after: readSkipToken(request.query.get('$skiptoken')),
    count,
  };
}

/** The query of a single object: `$select` alone. */
export function readSelectQuery(request: HttpRequest): readonly string[] | undefined {
  checkOptions(request, ['$select']);
  return readSelect(request);
}

function checkOptions(request: HttpRequest, allowed: readonly string[]): void {
  for (const name of request.query.keys()) {
    if (!name.startsWith('$') || allowed.includes(name)) continue;
    if (KNOWN_OPTIONS.includes(name)) throw notEmulated(`the query option ${name} here`);
    throw badRequest(`The query parameter '${name}' is not supported.`, 'BadRequest');
  }
}

function readFlag(value: string | null): boolean {
  if (value === null || value === 'false') return false;
  if (value === 'true') return true;
  throw badRequest(`Invalid value '${value}' for $count query option found.`, 'BadRequest');
}

function readTop(value: string | null): number {
  if (value === null) return DEFAULT_PAGE;
  const top = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (top >= 1 && top <= LARGEST_PAGE) return top;
  throw badRequest(
    `Invalid page size specified: '${value}'. Must be between 1 and ${LARGEST_PAGE} inclusive.`,
    'Request_UnsupportedQuery',
  );
}

function readSelect(request: HttpRequest): readonly string[] | undefined {
  return request.query
    .get('$select')
    ?.split(',')
    .map((name) => name.trim());
}

/** A page's start, as text that says nothing to clients. */
export function writeSkipToken(place: number): string {
  return Buffer.from(`place:${place}`).toString('base64url');
}

function readSkipToken(token: string | null): number {
  if (token === null) return 0;
  const place = /^place:(\d{1,12})$/.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (place === undefined) throw badRequest('The $skiptoken is invalid.', 'Directory_ExpiredPageToken');
  return Number(place);
}

/** @throws GraphError 400 for a property that the object does not have. */
export function selectProperties(
  object: JsonObject,
  select: readonly string[] | undefined,
  type: string,
): JsonObject {
  if (select === undefined) return object;
  const unknown = select.find((name) => name !== '*' && !Object.hasOwn(object, name));
  if (unknown !== undefined) {
    throw badRequest(
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type 'microsoft.graph.${type}'.`,
      'BadRequest',
    );
  }
  if (select.includes('*')) return object;
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => name === '@odata.type' || select.includes(name)),
  );
}
