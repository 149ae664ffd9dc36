/** A provider as data: what it consists of, typed by its schemas. */
import type { z } from 'zod';
import { type CheckFailure, checkProperties, isKnown } from './checking.js';
import { type Change, compareProperties } from './diff.js';
import { RefusedRequest } from './failures.js';
import { type Properties, type PropertyValue, revealAll, Secret, UNKNOWN, Unknown } from './values.js';

/** Tells people and logs what happens. Secrets are taken out of what is said. */
export interface OperationLog {
  /** What is going on right now: shown beside the resource, gone when it is done. */
  status(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
}

/** What every operation is given. */
export interface Operation<Context> {
  /** What `configure` made. */
  readonly context: Context;
  readonly urn: string;
  /** Aborted when the engine cancels, when the time is up, and when the provider is told to end. */
  readonly signal: AbortSignal;
  /** How long the operation may take in milliseconds; undefined: the provider's own limit. */
  readonly timeoutMs: number | undefined;
  readonly log: OperationLog;
  /** Names a secret that came up on the way: it is taken out of messages and marked in outputs. */
  keepSecret(text: string): void;
}

/** What `configure` is given. */
export interface Configuring {
  readonly signal: AbortSignal;
  readonly log: OperationLog;
  keepSecret(text: string): void;
}

/** Values of a schema in which a preview may have unknown ones. */
export type MaybeUnknown<T> = T extends readonly (infer Item)[]
  ? readonly (MaybeUnknown<Item> | Unknown)[]
  : T extends object
    ? { readonly [Key in keyof T]: MaybeUnknown<T[Key]> | Unknown }
    : T;

type Named<Shape> = Extract<keyof Shape, string>;
type Inputs<I extends z.ZodObject> = z.output<I>;
type Outputs<O extends z.ZodObject> = z.output<O>;

/** A resource's state before the operation. `olds` is what fits the schema of what was saved. */
export interface Existing<I extends z.ZodObject, O extends z.ZodObject> {
  readonly id: string;
  readonly olds: Partial<Outputs<O>>;
  /** Undefined on import, where nothing was saved, and where the saved inputs no longer fit the schema. */
  readonly oldInputs: Inputs<I> | undefined;
}

/** One type of resource. */
export interface ResourceDefinition<Context, I extends z.ZodObject, O extends z.ZodObject> {
  /** The inputs; names that it lacks are refused. */
  readonly inputs: I;
  /** Everything that the state holds: inputs that are kept, and what the resource adds. */
  readonly outputs: O;
  /** Inputs that are known and yet refused, with the reason. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Inputs whose change makes a new resource. */
  readonly replaceOn?: readonly Named<z.output<I>>[];
  /** Make room before making the new one. */
  readonly deleteBeforeReplace?: boolean;
  readonly secretOutputs?: readonly Named<z.output<O>>[];
  /** Outputs that no update changes: a preview of an update knows them. */
  readonly stables?: readonly Named<z.output<O>>[];
  /** Inputs that the resource fills in itself where they are not given. */
  readonly computedInputs?: readonly Named<z.output<I>>[];
  /** Inputs that are lists without an order. */
  readonly unordered?: readonly Named<z.output<I>>[];
  /** Rules across inputs; called only when all inputs are valid in themselves and known. */
  check?(inputs: Inputs<I>): readonly CheckFailure[];
  /** Which properties change; without it, inputs are compared with the inputs before. It may look at what is there, and writes nothing. */
  diff?(
    request: DiffRequest<I, O>,
    operation: Operation<Context>,
  ): readonly Change[] | Promise<readonly Change[]>;
  /** Outputs that a preview knows; it may throw what the real run would. Undefined ones are taken from the inputs. */
  preview?(
    operation: Operation<Context>,
    request: PreviewRequest<I, O>,
  ): Promise<Partial<MaybeUnknown<Outputs<O>>>>;
  /** @throws PartialFailure when it exists but is not complete */
  create(operation: Operation<Context>, inputs: Inputs<I>): Promise<{ id: string; outputs: Outputs<O> }>;
  /** Undefined: there is no such resource. */
  read(
    operation: Operation<Context>,
    existing: Existing<I, O>,
  ): Promise<{ id: string; outputs: Outputs<O>; inputs: z.input<I> } | undefined>;
  update?(
    operation: Operation<Context>,
    existing: Existing<I, O>,
    inputs: Inputs<I>,
  ): Promise<{ outputs: Outputs<O> }>;
  delete(operation: Operation<Context>, existing: Existing<I, O>): Promise<void>;
}

export interface DiffRequest<I extends z.ZodObject, O extends z.ZodObject> {
  readonly id: string;
  readonly olds: Partial<Outputs<O>>;
  readonly oldInputs: Properties;
  readonly news: Partial<MaybeUnknown<Inputs<I>>>;
}

export interface PreviewRequest<I extends z.ZodObject, O extends z.ZodObject> {
  /** Undefined for a create. */
  readonly existing: Existing<I, O> | undefined;
  readonly inputs: Partial<MaybeUnknown<Inputs<I>>>;
}

/** One function that programs can call. */
export interface FunctionDefinition<Context, I extends z.ZodObject, O extends z.ZodObject> {
  readonly inputs: I;
  readonly outputs: O;
  readonly secretOutputs?: readonly Named<z.output<O>>[];
  /** Rules across inputs. */
  check?(inputs: Inputs<I>): readonly CheckFailure[];
  invoke(operation: Operation<Context>, inputs: Inputs<I>): Promise<Outputs<O>>;
}

/** A provider. `Context` is what `configure` makes of its configuration; each running provider has its own. */
export interface ProviderDefinition<Context, C extends z.ZodObject> {
  readonly name: string;
  /** Semantic version, without a leading `v`. */
  readonly version: string;
  readonly config: C;
  readonly refusedConfig?: Readonly<Record<string, string>>;
  configure(config: z.output<C>, configuring: Configuring): Promise<Context>;
  readonly resources: Readonly<Record<string, Resource<Context>>>;
  readonly functions?: Readonly<Record<string, ProviderFunction<Context>>>;
  /** Added to the error for a type that the provider does not have. */
  readonly missingTypeHint?: string;
  /** Pulumi's package schema, made only when it is asked for. */
  schema?(): object;
}

/** A provider without the types of its configuration: what the server works with. */
export type Provider<Context = unknown> = Omit<ProviderDefinition<Context, z.ZodObject>, 'configure'> & {
  configure(config: Properties, configuring: Configuring): Promise<Context>;
};

/** @throws RefusedRequest from `configure` when the configuration does not fit its schema */
export function defineProvider<Context, C extends z.ZodObject>(
  definition: ProviderDefinition<Context, C>,
): Provider<Context> {
  return {
    ...definition,
    configure: (config, configuring) =>
      definition.configure(parsed(definition.config, config, 'the configuration'), configuring),
  };
}

/** State of a resource without its type: plain values, secrets revealed. */
export interface PlainExisting {
  readonly id: string;
  readonly olds: Properties;
  readonly oldInputs: Properties | undefined;
}

/** A resource without its types: what the server works with. All values are plain; previews may hold unknown ones. */
export interface Resource<Context> {
  readonly inputs: z.ZodObject;
  readonly refused: Readonly<Record<string, string>>;
  readonly replaceOn: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly secretOutputs: readonly string[];
  readonly stables: readonly string[];
  check(inputs: Properties): readonly CheckFailure[];
  diff(operation: Operation<Context>, existing: PlainExisting, news: Properties): Promise<readonly Change[]>;
  preview(
    operation: Operation<Context>,
    existing: PlainExisting | undefined,
    inputs: Properties,
  ): Promise<Properties>;
  create(operation: Operation<Context>, inputs: Properties): Promise<{ id: string; outputs: Properties }>;
  read(
    operation: Operation<Context>,
    existing: PlainExisting,
  ): Promise<{ id: string; outputs: Properties; inputs: Properties } | undefined>;
  update(
    operation: Operation<Context>,
    existing: PlainExisting,
    inputs: Properties,
  ): Promise<{ outputs: Properties }>;
  delete(operation: Operation<Context>, existing: PlainExisting): Promise<void>;
}

/** Takes the types off a resource, and puts a check against the schemas in their place. */
export function defineResource<Context, I extends z.ZodObject, O extends z.ZodObject>(
  definition: ResourceDefinition<Context, I, O>,
): Resource<Context> {
  const { inputs, outputs, unordered = [] } = definition;
  const typed = (existing: PlainExisting): Existing<I, O> => ({
    id: existing.id,
    olds: fitting(outputs, existing.olds),
    oldInputs: existing.oldInputs === undefined ? undefined : parsedOrUndefined(inputs, existing.oldInputs),
  });
  return {
    inputs,
    refused: definition.refused ?? {},
    replaceOn: definition.replaceOn ?? [],
    deleteBeforeReplace: definition.deleteBeforeReplace ?? false,
    secretOutputs: definition.secretOutputs ?? [],
    stables: definition.stables ?? [],
    check: (given) => definition.check?.(parsed(inputs, given, 'the inputs')) ?? [],
    diff: async (operation, { id, olds, oldInputs = {} }, news) => {
      if (definition.diff === undefined)
        return compareProperties(oldInputs, news, { unordered, inputDiff: true });
      const request = { id, olds: fitting(outputs, olds), oldInputs };
      return await definition.diff({ ...request, news: news as Partial<MaybeUnknown<Inputs<I>>> }, operation);
    },
    preview: async (operation, existing, given) => {
      const known = await definition.preview?.(operation, {
        existing: existing === undefined ? undefined : typed(existing),
        inputs: given as Partial<MaybeUnknown<Inputs<I>>>,
      });
      return { ...expectedOutputs(definition, existing, given), ...withoutUndefined(known ?? {}) };
    },
    create: async (operation, given) =>
      (await definition.create(operation, parsed(inputs, given, 'the inputs'))) as {
        id: string;
        outputs: Properties;
      },
    read: async (operation, existing) =>
      (await definition.read(operation, typed(existing))) as
        | { id: string; outputs: Properties; inputs: Properties }
        | undefined,
    update: async (operation, existing, given) => {
      if (definition.update === undefined) throw new RefusedRequest('this resource cannot be updated');
      const news = parsed(inputs, given, 'the inputs');
      return (await definition.update(operation, typed(existing), news)) as { outputs: Properties };
    },
    delete: (operation, existing) => definition.delete(operation, typed(existing)),
  };
}

/** A function without its types. */
export interface ProviderFunction<Context> {
  readonly inputs: z.ZodObject;
  readonly outputNames: readonly string[];
  readonly secretOutputs: readonly string[];
  check(inputs: Properties): readonly CheckFailure[];
  invoke(operation: Operation<Context>, inputs: Properties): Promise<Properties>;
}

export function defineFunction<Context, I extends z.ZodObject, O extends z.ZodObject>(
  definition: FunctionDefinition<Context, I, O>,
): ProviderFunction<Context> {
  return {
    inputs: definition.inputs,
    outputNames: Object.keys(definition.outputs.shape),
    secretOutputs: definition.secretOutputs ?? [],
    check: (given) => definition.check?.(parsed(definition.inputs, given, 'the arguments')) ?? [],
    invoke: async (operation, given) =>
      (await definition.invoke(operation, parsed(definition.inputs, given, 'the arguments'))) as Properties,
  };
}

/** What a preview can tell without the resource's help. */
function expectedOutputs<Context, I extends z.ZodObject, O extends z.ZodObject>(
  definition: ResourceDefinition<Context, I, O>,
  existing: PlainExisting | undefined,
  inputs: Properties,
): Properties {
  const expected: { [name: string]: PropertyValue } = {};
  const computed: readonly string[] = definition.computedInputs ?? [];
  const stables: readonly string[] = definition.stables ?? [];
  for (const name of Object.keys(definition.outputs.shape)) {
    const given = inputs[name];
    const old = existing?.olds[name];
    const isInput = Object.hasOwn(definition.inputs.shape, name);
    if (given !== undefined) expected[name] = given;
    else if (isInput && !computed.includes(name)) continue;
    else if (existing === undefined || (!isInput && !stables.includes(name))) expected[name] = UNKNOWN;
    else if (old !== undefined) expected[name] = old;
  }
  return expected;
}

function withoutUndefined(values: object): Properties {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function parsed<S extends z.ZodObject>(schema: S, properties: Properties, what: string): z.output<S> {
  const checked = checkProperties(schema, properties);
  if (!isKnown(checked.inputs)) throw new RefusedRequest(`${what}: not all values are known`);
  const result = schema.safeParse(revealAll(checked.inputs));
  if (checked.failures.length === 0 && result.success) return result.data;
  const reasons = checked.failures.map((failure) => `${failure.property} ${failure.reason}`);
  throw new RefusedRequest(`${what}: ${reasons.length === 0 ? 'not valid' : reasons.join('; ')}`);
}

function parsedOrUndefined<S extends z.ZodObject>(
  schema: S,
  properties: Properties,
): z.output<S> | undefined {
  const known = Object.entries(properties).filter(([name]) => Object.hasOwn(schema.shape, name));
  const result = schema.safeParse(Object.fromEntries(known));
  return result.success ? result.data : undefined;
}

/** The properties that the schema knows and accepts; the state may have been written by another version. */
function fitting<S extends z.ZodObject>(schema: S, properties: Properties): Partial<z.output<S>> {
  const result: { [name: string]: unknown } = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const value = properties[name];
    if (value === undefined || value instanceof Secret || value instanceof Unknown) continue;
    const fit = safeParseField(field, value);
    if (fit.success) result[name] = fit.data;
  }
  return result as Partial<z.output<S>>;
}

function safeParseField(field: z.core.$ZodType, value: PropertyValue) {
  return (field as z.ZodType).safeParse(value);
}
