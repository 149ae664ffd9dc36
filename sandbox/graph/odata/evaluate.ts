/** Which properties a filter may name, whether it wants Graph's advanced queries, and which objects it lets through. */
import { type Json, type JsonObject, textsOf } from '../../json.js';
import { badRequest } from '../errors.js';
import type { Filter, Literal, Operand } from './filter.js';

/** Properties that a resource can be filtered by. */
export interface FilterFields {
  /** Texts and Booleans: `eq`, `in`, `startswith`. */
  readonly scalars: readonly string[];
  /** Lists of texts: `any`. */
  readonly lists: readonly string[];
}

/** @throws GraphError 400 where the filter names a property that cannot be filtered by. */
export function checkFilter(filter: Filter, fields: FilterFields, resource: string): void {
  const refuse = (property: string) =>
    badRequest(
      `Unsupported or invalid query filter clause specified for property '${property}' of resource '${resource}'.`,
      'Request_UnsupportedQuery',
    );
  switch (filter.kind) {
    case 'and':
    case 'or':
      checkFilter(filter.left, fields, resource);
      checkFilter(filter.right, fields, resource);
      return;
    case 'not':
      checkFilter(filter.of, fields, resource);
      return;
    case 'any':
      if (!fields.lists.includes(filter.property)) throw refuse(filter.property);
      checkFilter(filter.where, { scalars: [], lists: [] }, resource);
      return;
    default:
      if ('property' in filter.operand && !fields.scalars.includes(filter.operand.property)) {
        throw refuse(filter.operand.property);
      }
  }
}

/** Whether Graph answers it only with `ConsistencyLevel: eventual` and `$count=true`. */
export function isAdvanced(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return isAdvanced(filter.left) || isAdvanced(filter.right);
    case 'not':
    case 'endswith':
      return true;
    case 'any':
      return isAdvanced(filter.where);
    case 'compare':
      return filter.operator === 'ne' || filter.value === null;
    default:
      return false;
  }
}

/** Whether the object passes. Texts are compared without regard to case, as Graph does. */
export function passes(filter: Filter, object: JsonObject, variable?: string): boolean {
  switch (filter.kind) {
    case 'and':
      return passes(filter.left, object, variable) && passes(filter.right, object, variable);
    case 'or':
      return passes(filter.left, object, variable) || passes(filter.right, object, variable);
    case 'not':
      return !passes(filter.of, object, variable);
    case 'any':
      return textsOf(object[filter.property]).some((text) => passes(filter.where, object, text));
    case 'compare':
      return same(valueIn(filter.operand, object, variable), filter.value) === (filter.operator === 'eq');
    case 'in':
      return filter.values.some((value) => same(valueIn(filter.operand, object, variable), value));
    case 'startswith':
      return folded(valueIn(filter.operand, object, variable)).startsWith(filter.value.toLowerCase());
    case 'endswith':
      return folded(valueIn(filter.operand, object, variable)).endsWith(filter.value.toLowerCase());
  }
}

function valueIn(operand: Operand, object: JsonObject, variable: string | undefined): Json {
  return 'variable' in operand ? (variable ?? null) : (object[operand.property] ?? null);
}

function folded(value: Json): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}

function same(value: Json, literal: Literal): boolean {
  return typeof value === 'string' && typeof literal === 'string'
    ? value.toLowerCase() === literal.toLowerCase()
    : value === literal;
}

/** Properties that every object which passes has with exactly this text: what can be looked up instead of searched. */
export function requiredTexts(filter: Filter): readonly (readonly [property: string, value: string])[] {
  if (filter.kind === 'and') return [...requiredTexts(filter.left), ...requiredTexts(filter.right)];
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return [];
  return 'property' in filter.operand && typeof filter.value === 'string'
    ? [[filter.operand.property, filter.value]]
    : [];
}
