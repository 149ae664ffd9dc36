/** A provider of boxes in a shelf in memory: small, with everything that the kernel offers. */
import { z } from 'zod';
import {
  defineFunction,
  defineProvider,
  defineResource,
  PartialFailure,
  type Provider,
} from '../../../infra/exchange/provider/kernel/index.js';

export const BOX = 'shelf:index:Box';
export const FIND = 'shelf:index:find';

export interface Shelf {
  readonly owner: string;
  readonly key: string | undefined;
  readonly boxes: Map<string, { name: string; size: number; password: string | undefined }>;
  readonly gate: ReturnType<typeof makeGate>;
  /** What operations were given, for assertions. */
  readonly seen: { timeoutMs?: number | undefined; aborted?: unknown; created: unknown[] };
}

const inputs = z.object({
  name: z.string().min(1),
  size: z.number().int().default(1),
  password: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  parts: z
    .array(z.strictObject({ kind: z.enum(['lid', 'side']), count: z.number(), note: z.string().optional() }))
    .optional(),
  owners: z.array(z.string()).optional(),
  nickname: z.string().optional(),
});
const outputs = inputs.extend({
  nickname: z.string(),
  serial: z.string(),
  token: z.string(),
  weight: z.number(),
  description: z.string(),
});

/** Holds an operation up until it is opened. */
function makeGate() {
  let open = () => {};
  let reach = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const pass = () => {
    reach();
    return opened;
  };
  return { reached, open: () => open(), pass };
}

export function makeShelf(): Shelf {
  return { gate: makeGate(), owner: '', key: undefined, boxes: new Map(), seen: { created: [] } };
}

export function shelfProvider(shelf: Shelf): Provider<Shelf> {
  return defineProvider({
    name: 'shelf',
    version: '1.2.3',
    config: z.object({
      owner: z.string(),
      key: z.string().optional(),
      strict: z.boolean().optional(),
      places: z.array(z.string()).optional(),
    }),
    refusedConfig: { colour: 'is not supported by this shelf' },
    configure: async (config, { keepSecret }) => {
      if (config.owner === 'nobody') throw new Error(`the key ${config.key} does not fit`);
      keepSecret('hidden-in-configure');
      return { ...shelf, owner: config.owner, key: config.key };
    },
    resources: { [BOX]: boxResource() },
    functions: { [FIND]: findFunction() },
  });
}

type Box = z.output<typeof inputs>;

function state(box: Box, id: string): z.output<typeof outputs> {
  return {
    ...box,
    nickname: box.nickname ?? `nick-${box.name}`,
    serial: `serial-${id}`,
    token: `token-of-${id}`,
    weight: box.size * 2,
    description: `box ${box.name}, opens with ${box.password ?? 'nothing'}`,
  };
}

function boxResource() {
  return defineResource<Shelf, typeof inputs, typeof outputs>({
    inputs,
    outputs,
    refused: { engraving: 'is not supported by this shelf' },
    replaceOn: ['name'],
    deleteBeforeReplace: true,
    secretOutputs: ['token'],
    stables: ['serial', 'token'],
    computedInputs: ['nickname'],
    unordered: ['owners'],
    check: (box) =>
      box.size > 100
        ? [{ property: 'size', reason: `too large for a box that opens with ${box.password}` }]
        : [],
    create: async (operation, box) => {
      operation.context.seen.timeoutMs = operation.timeoutMs;
      operation.context.seen.created.push(box);
      operation.log.status(`making ${box.name} with ${box.password}`);
      const id = `box-${operation.context.boxes.size + 1}`;
      if (box.name === 'slow') await untilAborted(operation.signal, operation.context);
      if (box.name === 'gated') await operation.context.gate.pass();
      if (box.name === 'impossible') throw new Error(`cannot make it with ${box.password}`);
      operation.context.boxes.set(id, { name: box.name, size: box.size, password: box.password });
      if (box.name === 'broken')
        throw new PartialFailure(id, state(box, id), `the lid is missing: ${box.password}`);
      return { id, outputs: state(box, id) };
    },
    read: async ({ context }, { id, oldInputs }) => {
      const box = context.boxes.get(id);
      if (box === undefined) return undefined;
      const found = { ...oldInputs, name: box.name, size: box.size, password: box.password };
      return { id, outputs: state(found, id), inputs: found };
    },
    update: async ({ context }, { id }, box) => {
      context.boxes.set(id, { name: box.name, size: box.size, password: box.password });
      return { outputs: state(box, id) };
    },
    delete: async ({ context }, { id }) => {
      if (!context.boxes.delete(id)) throw new Error(`there is no box ${id}`);
    },
  });
}

function untilAborted(signal: AbortSignal, shelf: Shelf): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      shelf.seen.aborted = signal.reason;
      reject(signal.reason);
    });
  });
}

function findFunction() {
  const args = z.object({ name: z.string(), password: z.string().optional() });
  return defineFunction<
    Shelf,
    typeof args,
    z.ZodObject<{ name: z.ZodString; echo: z.ZodString; pin: z.ZodString }>
  >({
    inputs: args,
    outputs: z.object({ name: z.string(), echo: z.string(), pin: z.string() }),
    secretOutputs: ['pin'],
    invoke: async ({ context }, { name, password }) => {
      if (name === 'none') throw new Error(`${context.owner} has no box that opens with ${password}`);
      return { name, echo: `${context.owner}:${password ?? ''}`, pin: '0815-pin' };
    },
  });
}
