/** Provider `exchange` on a sandbox, and one resource's life as the engine leads it: over the wire. */
import * as grpc from '@grpc/grpc-js';
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import type enginePb from '@pulumi/pulumi/proto/engine_pb.js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import statusPb from '@pulumi/pulumi/proto/status_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Timing } from '../../../infra/exchange/provider/context.js';
import { exchangeProvider } from '../../../infra/exchange/provider/definition.js';
import {
  ask,
  type Client,
  check,
  configure,
  failures,
  kinds,
  raw,
  startEngine,
  struct,
} from '../../kernel/support/engine.js';
import { shellVariables } from '../../support/pwsh.js';
import type { TestSandbox } from '../../support/sandbox.js';

// biome-ignore lint/suspicious/noExplicitAny: tests look into properties of many shapes.
export type Json = any;

/** Shorter than in real life: the sandbox answers within milliseconds. */
export const TIMING: Timing = {
  list: { writeWithinMs: 500, quietMs: 700, staleMs: 10_000, lookEveryMs: 100, attempts: 8 },
  proof: { patienceMs: 2_000, everyMs: 100 },
  revisitAfterMs: [0, 0],
};

export interface RunningProvider {
  readonly client: Client;
  /** What was said to people since the last call: `info: …`; status messages only where asked for. */
  messages(kind?: 'kept' | 'status'): Promise<string[]>;
  stop(): Promise<void>;
}

export interface ProviderOptions {
  /** Name of the sandbox's client that signs in. */
  readonly as?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly config?: Readonly<Record<string, string>>;
  readonly timing?: Timing;
  readonly transport?: 'rest' | 'powershell';
}

/** A configured provider. */
export async function startProvider(
  tenant: TestSandbox,
  options: ProviderOptions = {},
): Promise<RunningProvider> {
  const heard = await startListener();
  const { provider, close } = exchangeProvider({
    env: { ...shellVariables, ...environmentOf(tenant, options.as), ...options.env },
    timing: options.timing ?? TIMING,
  });
  const engine = await startEngine(provider, heard.address);
  await configure(engine.client, {
    ...configOf(tenant, options.as),
    transport: options.transport ?? 'rest',
    ...options.config,
  });
  return {
    client: engine.client,
    messages: async (kind = 'kept') => {
      await new Promise((resolve) => setImmediate(resolve));
      return heard.take(kind);
    },
    stop: async () => {
      await engine.stop();
      await close();
      await heard.stop();
    },
  };
}

export function configOf(tenant: TestSandbox, as = 'exchange-admin'): Record<string, string> {
  const { info } = tenant.sandbox;
  return {
    organization: 'contoso.onmicrosoft.com',
    baseUrl: info.graph,
    azuread: JSON.stringify({
      tenantId: info.tenantId,
      metadataHost: info.metadataHost,
      clientId: clientOf(tenant, as).clientId,
    }),
  };
}

export function environmentOf(tenant: TestSandbox, as = 'exchange-admin'): NodeJS.ProcessEnv {
  const folder = tenant.sandbox.info.caFile.replace(/\/[^/]*$/, '');
  return {
    SSL_CERT_FILE: tenant.sandbox.info.caFile,
    ARM_CLIENT_SECRET: clientOf(tenant, as).clientSecret ?? '',
    XDG_CACHE_HOME: `${folder}/cache`,
    XDG_STATE_HOME: `${folder}/state`,
  };
}

export function clientOf(tenant: TestSandbox, name: string) {
  const found = tenant.sandbox.info.clients.find((client) => client.name === name);
  if (found === undefined) throw new Error(`the sandbox has no client ${name}`);
  return found;
}

async function startListener() {
  const kept: string[] = [];
  const status: string[] = [];
  const server = new grpc.Server();
  server.addService(engineGrpc.EngineService as unknown as grpc.ServiceDefinition, {
    log: (
      call: grpc.ServerUnaryCall<enginePb.LogRequest, emptyPb.Empty>,
      done: grpc.sendUnaryData<emptyPb.Empty>,
    ) => {
      const severity = ['debug', 'info', 'warning', 'error'][call.request.getSeverity()] ?? '?';
      const line = `${severity}: ${call.request.getMessage()}`;
      (call.request.getEphemeral() ? status : kept).push(line);
      done(null, new emptyPb.Empty());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    take: (kind: 'kept' | 'status') => (kind === 'kept' ? kept : status).splice(0),
    stop: async () => server.forceShutdown(),
  };
}

/** One resource, from its first preview to its end; all values as they are on the wire. */
export class Life {
  id = '';
  inputs: Json = {};
  state: Json = {};
  readonly #urn: string;

  constructor(
    readonly client: Client,
    readonly type: string,
    name = 'it',
  ) {
    this.#urn = `urn:pulumi:dev::calendar-interop::${type}::${name}`;
  }

  /** The checked inputs; fails where the provider refuses them. */
  async check(news: Json): Promise<Json> {
    const response = await check(this.client, this.type, news);
    if (response.getFailuresList().length > 0) throw new Error(failures(response).join('\n'));
    return raw(response.getInputs());
  }

  async preview(news: Json): Promise<Json> {
    const checked = await this.check(news);
    if (this.id === '') return raw((await this.#create(checked, true)).getProperties());
    return raw((await this.#update(checked, true)).getProperties());
  }

  async create(news: Json): Promise<void> {
    const checked = await this.check(news);
    await this.#keeping(checked, async () => {
      const made = await this.#create(checked, false);
      this.id = made.getId();
      return made.getProperties();
    });
  }

  async update(news: Json): Promise<void> {
    const checked = await this.check(news);
    await this.#keeping(checked, async () => (await this.#update(checked, false)).getProperties());
  }

  /** Reads what is there; false: nothing. */
  async refresh(): Promise<boolean> {
    const request = new providerPb.ReadRequest();
    request.setUrn(this.#urn);
    request.setId(this.id);
    request.setInputs(struct(this.inputs));
    request.setProperties(struct(this.state));
    const found = await ask<providerPb.ReadResponse>((done) => this.client.read(request, done));
    if (found.getId() === '') return false;
    this.id = found.getId();
    this.inputs = raw(found.getInputs());
    this.state = raw(found.getProperties());
    return true;
  }

  async import(id: string): Promise<boolean> {
    this.id = id;
    this.inputs = {};
    this.state = {};
    return await this.refresh();
  }

  /** What would change, and how: `path: KIND`. */
  async differences(news: Json): Promise<Record<string, string>> {
    const request = new providerPb.DiffRequest();
    request.setUrn(this.#urn);
    request.setId(this.id);
    request.setOlds(struct(this.state));
    request.setOldInputs(struct(this.inputs));
    request.setNews(struct(await this.check(news)));
    return kinds(await ask((done) => this.client.diff(request, done)));
  }

  async remove(): Promise<void> {
    const request = new providerPb.DeleteRequest();
    request.setUrn(this.#urn);
    request.setId(this.id);
    request.setProperties(struct(this.state));
    request.setOldInputs(struct(this.inputs));
    await ask((done) => this.client.delete(request, done));
    this.id = '';
  }

  async #create(inputs: Json, preview: boolean): Promise<providerPb.CreateResponse> {
    const request = new providerPb.CreateRequest();
    request.setUrn(this.#urn);
    request.setProperties(struct(inputs));
    request.setPreview(preview);
    return await ask((done) => this.client.create(request, done));
  }

  async #update(inputs: Json, preview: boolean): Promise<providerPb.UpdateResponse> {
    const request = new providerPb.UpdateRequest();
    request.setUrn(this.#urn);
    request.setId(this.id);
    request.setOlds(struct(this.state));
    request.setOldInputs(struct(this.inputs));
    request.setNews(struct(inputs));
    request.setPreview(preview);
    return await ask((done) => this.client.update(request, done));
  }

  /** Saves what the engine would: the result, or what a failure says was made. */
  async #keeping(
    inputs: Json,
    work: () => Promise<providerPb.CreateResponse['getProperties'] extends () => infer S ? S : never>,
  ): Promise<void> {
    try {
      this.state = raw(await work());
      this.inputs = inputs;
    } catch (error) {
      const part = partOf(error);
      if (part !== undefined) {
        this.id = part.getId();
        this.state = raw(part.getProperties());
        this.inputs = raw(part.getInputs());
      }
      throw error;
    }
  }
}

function partOf(error: unknown): providerPb.ErrorResourceInitFailed | undefined {
  const [details] = (error as grpc.ServiceError).metadata?.get('grpc-status-details-bin') ?? [];
  if (!(details instanceof Buffer)) return undefined;
  const status = statusPb.Status.deserializeBinary(details);
  const value = status.getDetailsList()[0]?.getValue_asU8();
  return value === undefined ? undefined : providerPb.ErrorResourceInitFailed.deserializeBinary(value);
}

/** Everything that the tenant holds, deleted objects apart. */
export async function dump(tenant: TestSandbox): Promise<Json> {
  const { deletedItems: _, ...rest } = await tenant.state();
  return rest;
}
