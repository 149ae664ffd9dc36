/** What the resources of provider `exchange` have in common. */
import { z } from 'zod';
import { InteropError } from '../../errors.js';
import { Incomplete } from '../work.js';
import type { Exchange } from './context.js';
import {
  type Change,
  compareProperties,
  type DiffRequest,
  defineResource,
  hasUnknown,
  type Operation,
  PartialFailure,
  type Properties,
  type PropertyValue,
  type Resource,
  type ResourceDefinition,
} from './kernel/index.js';

/**
 * Differences that were found, as an input: programs leave it at 0 and a refresh fills in the true count, so that the engine sees
 * drift as a change of inputs.
 */
export const violations = z.int().min(0).default(0);

/** Text that a program may also give as null. */
export const optionalText = z
  .string()
  .min(1)
  .nullish()
  .transform((given) => given ?? undefined);

/** A resource whose failures tell their kind. */
export function exchangeResource<I extends z.ZodObject, O extends z.ZodObject>(
  definition: ResourceDefinition<Exchange, I, O>,
): Resource<Exchange> {
  const resource = defineResource<Exchange, I, O>({
    ...definition,
    check: (inputs) => [...ownCount(inputs), ...(definition.check?.(inputs) ?? [])],
  });
  return {
    ...resource,
    diff: (...given) => telling(resource.diff(...given)),
    preview: (...given) => telling(resource.preview(...given)),
    create: (...given) => telling(resource.create(...given)),
    read: (...given) => telling(resource.read(...given)),
    update: (...given) => telling(resource.update(...given)),
    delete: (...given) => telling(resource.delete(...given)),
  };
}

function ownCount(inputs: Readonly<Record<string, unknown>>) {
  const count = inputs.violations ?? 0;
  return count === 0
    ? []
    : [{ property: 'violations', reason: 'is found out by the provider: leave it out' }];
}

async function telling<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PartialFailure) throw error;
    throw error instanceof InteropError || error instanceof Incomplete ? new Error(wordsOf(error)) : error;
  }
}

/** The message, with the kind in front where it says more than that a resource failed. */
export function wordsOf(error: unknown): string {
  const cause = error instanceof Incomplete ? error.cause : error;
  if (!(cause instanceof InteropError)) return cause instanceof Error ? cause.message : String(cause);
  return cause.kind === 'resource' || cause.kind === 'failure'
    ? cause.message
    : `${cause.kind}: ${cause.message}`;
}

/**
 * Work whose part is kept when it fails: the next run, or `destroy`, goes on from there.
 *
 * @param outputsOf the resource's outputs by what was done
 */
export async function keepingParts<Outcome>(
  id: string,
  outputsOf: (outcome: Outcome) => { readonly [name: string]: unknown },
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error;
    throw new PartialFailure(id, outputsOf(error.outcome as Outcome), wordsOf(error), error.cause);
  }
}

/**
 * Counts differences for a refresh. What cannot be made true as things are is a difference as well, told as a warning: a refresh
 * that failed instead would stand in the way of every other resource.
 */
export async function countDifferences(
  { log }: Operation<Exchange>,
  look: () => Promise<readonly string[]>,
): Promise<number> {
  try {
    const lines = await look();
    for (const line of lines) log.info(line);
    return lines.length;
  } catch (error) {
    if (!(error instanceof InteropError) || !MENDABLE.has(error.kind)) throw error;
    log.warning(wordsOf(error));
    return 1;
  }
}

const MENDABLE: ReadonlySet<string> = new Set(['resource', 'configuration', 'policy']);

export interface DiffRules {
  /** Addresses and ids, which are the same in capital letters. */
  readonly sameIgnoringCase?: readonly string[];
  readonly unordered?: readonly string[];
  /** Inputs whose change means nothing. */
  readonly ignored?: readonly string[];
}

/** Compares inputs; what the last run could not do counts as a difference, so that the next one tries again. */
export function compareInputs<I extends z.ZodObject, O extends z.ZodObject>(
  { oldInputs, news, olds }: DiffRequest<I, O>,
  { sameIgnoringCase = [], unordered = [], ignored = [] }: DiffRules = {},
): readonly Change[] {
  const given = news as unknown as Properties;
  const lowered = (properties: Properties): Properties =>
    Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [
        name,
        sameIgnoringCase.includes(name) && typeof value === 'string' ? value.toLowerCase() : value,
      ]),
    );
  const changes = compareProperties(lowered(oldInputs), lowered(given), { unordered, inputDiff: true });
  const counted = changes.filter(({ path }) => !ignored.includes(path));
  const left = (olds as { readonly violations?: unknown }).violations;
  if (typeof left !== 'number' || left === 0 || counted.some(({ path }) => path === 'violations'))
    return counted;
  return [...counted, { path: 'violations', kind: 'update', inputDiff: false }];
}

/** Whether a preview knows all of these. */
export function known<T extends object>(inputs: T, names: readonly (keyof T & string)[]): boolean {
  return names.every((name) => !hasUnknown(inputs[name] as PropertyValue | undefined));
}

/**
 * A value of the state that the operation cannot do without.
 *
 * @throws InteropError when it is missing: going on without it would lose what `destroy` needs.
 */
export function saved<T>(value: T | undefined, name: string, urn: string): T {
  if (value !== undefined) return value;
  throw new InteropError({
    kind: 'resource',
    summary: 'the state of this resource is not readable, so nothing was changed',
    problems: [{ where: urn, what: `${name} is missing or damaged` }],
    next: ['restore the state from a backup (pulumi stack import), or import the resource anew'],
  });
}

/** @throws InteropError always */
export function noImport(what: string): never {
  throw new InteropError({
    kind: 'resource',
    summary: `${what} cannot be imported: declare it, and it is made`,
  });
}
