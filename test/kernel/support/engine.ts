/** The engine's side of the protocol: the generated client, with promises. */
import * as grpc from '@grpc/grpc-js';
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import structPb from 'google-protobuf/google/protobuf/struct_pb.js';
import { type Provider, serveProvider } from '../../../infra/exchange/provider/kernel/index.js';

export type Client = InstanceType<typeof providerGrpc.ResourceProviderClient>;
type Callback<Response> = (error: grpc.ServiceError | null, response: Response) => void;

export interface Engine {
  readonly client: Client;
  stop(): Promise<void>;
}

export async function startEngine<Context>(
  provider: Provider<Context>,
  logAddress?: string,
): Promise<Engine> {
  const served = await serveProvider(provider, logAddress);
  const client = new providerGrpc.ResourceProviderClient(
    `127.0.0.1:${served.port}`,
    grpc.credentials.createInsecure(),
  );
  return {
    client,
    stop: async () => {
      client.close();
      await served.stop();
    },
  };
}

/** One call, as a promise. */
export function ask<Response>(call: (callback: Callback<Response>) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

/** The failure of a call that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<grpc.ServiceError> {
  return await promise.then(
    () => {
      throw new Error('the call did not fail');
    },
    (error: grpc.ServiceError) => error,
  );
}

type Json = { [key: string]: structPb.JavaScriptValue };

export function struct(value: Json): structPb.Struct {
  return structPb.Struct.fromJavaScript(value);
}

/** The raw form on the wire, marks included. */
export function raw(value: structPb.Struct | undefined): Json {
  return (value?.toJavaScript() ?? {}) as Json;
}

export const SECRET = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' };
export const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export function secret(value: structPb.JavaScriptValue): Json {
  return { ...SECRET, value };
}

export function urn(type: string): string {
  return `urn:pulumi:dev::project::${type}::it`;
}

/** Configures with what every test needs. */
export async function configure(client: Client, args: Json): Promise<providerPb.ConfigureResponse> {
  const request = new providerPb.ConfigureRequest();
  request.setArgs(struct(args));
  return await ask((done) => client.configure(request, done));
}

export async function check(client: Client, type: string, news: Json): Promise<providerPb.CheckResponse> {
  const request = new providerPb.CheckRequest();
  request.setUrn(urn(type));
  request.setNews(struct(news));
  return await ask((done) => client.check(request, done));
}

export interface DiffOptions {
  readonly id?: string;
  readonly olds?: Json;
  readonly oldInputs: Json;
  readonly news: Json;
  readonly ignoreChanges?: string[];
}

export async function diff(
  client: Client,
  type: string,
  options: DiffOptions,
): Promise<providerPb.DiffResponse> {
  const request = new providerPb.DiffRequest();
  request.setUrn(urn(type));
  request.setId(options.id ?? 'id');
  request.setOlds(struct(options.olds ?? options.oldInputs));
  request.setOldInputs(struct(options.oldInputs));
  request.setNews(struct(options.news));
  request.setIgnorechangesList(options.ignoreChanges ?? []);
  return await ask((done) => client.diff(request, done));
}

export interface CreateOptions {
  readonly preview?: boolean;
  readonly timeout?: number;
}

export async function create(
  client: Client,
  type: string,
  inputs: Json,
  options: CreateOptions = {},
): Promise<providerPb.CreateResponse> {
  const request = new providerPb.CreateRequest();
  request.setUrn(urn(type));
  request.setProperties(struct(inputs));
  request.setPreview(options.preview ?? false);
  request.setTimeout(options.timeout ?? 0);
  return await ask((done) => client.create(request, done));
}

export async function read(
  client: Client,
  type: string,
  id: string,
  saved: { readonly inputs?: Json; readonly properties?: Json } = {},
): Promise<providerPb.ReadResponse> {
  const request = new providerPb.ReadRequest();
  request.setUrn(urn(type));
  request.setId(id);
  request.setInputs(struct(saved.inputs ?? {}));
  request.setProperties(struct(saved.properties ?? {}));
  return await ask((done) => client.read(request, done));
}

export interface UpdateOptions {
  readonly id: string;
  readonly olds: Json;
  readonly oldInputs: Json;
  readonly news: Json;
  readonly preview?: boolean;
}

export async function update(
  client: Client,
  type: string,
  options: UpdateOptions,
): Promise<providerPb.UpdateResponse> {
  const request = new providerPb.UpdateRequest();
  request.setUrn(urn(type));
  request.setId(options.id);
  request.setOlds(struct(options.olds));
  request.setOldInputs(struct(options.oldInputs));
  request.setNews(struct(options.news));
  request.setPreview(options.preview ?? false);
  return await ask((done) => client.update(request, done));
}

export async function remove(client: Client, type: string, id: string, olds: Json): Promise<void> {
  const request = new providerPb.DeleteRequest();
  request.setUrn(urn(type));
  request.setId(id);
  request.setProperties(struct(olds));
  await ask((done) => client.delete(request, done));
}

export async function invoke(client: Client, token: string, args: Json): Promise<providerPb.InvokeResponse> {
  const request = new providerPb.InvokeRequest();
  request.setTok(token);
  request.setArgs(struct(args));
  return await ask((done) => client.invoke(request, done));
}

/** Failures as `path reason` lines. */
export function failures(response: { getFailuresList(): providerPb.CheckFailure[] }): string[] {
  return response.getFailuresList().map((failure) => `${failure.getProperty()} ${failure.getReason()}`);
}

/** The detailed diff as `path: KIND`. */
export function kinds(response: providerPb.DiffResponse): Record<string, string> {
  const names = Object.entries(providerPb.PropertyDiff.Kind);
  return Object.fromEntries(
    response
      .getDetaileddiffMap()
      .toArray()
      .map(([path]) => {
        const kind = response.getDetaileddiffMap().get(path)?.getKind();
        return [path, names.find(([, value]) => value === kind)?.[0] ?? '?'];
      }),
  );
}
