/** The gRPC service of a provider, on this machine only. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import pluginPb from '@pulumi/pulumi/proto/plugin_pb.js';
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Provider } from './definition.js';
import { EngineLog } from './engine-log.js';
import { statusOf } from './failures.js';
import { ProviderInstance } from './instance.js';
import { SentFailure } from './operations.js';
import { withLongTexts } from './serialize.js';

/** A provider that takes requests. */
export interface ServedProvider {
  readonly port: number;
  /** Aborts what is running, waits for it, and closes. */
  stop(): Promise<void>;
  /** Settles when nothing is running. */
  settled(): Promise<void>;
}

/**
 * Serves the provider at a free port of 127.0.0.1. Methods that a provider need not have are answered as unimplemented.
 *
 * @param engineAddress `host:port` where messages go; the engine may also tell it later
 */
export async function serveProvider<Context>(
  provider: Provider<Context>,
  engineAddress?: string,
): Promise<ServedProvider> {
  const log = new EngineLog();
  if (engineAddress !== undefined) log.connect(engineAddress);
  const instance = new ProviderInstance(provider, log);
  const server = new grpc.Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
  server.addService(withLongTexts(providerGrpc.ResourceProviderService), handlers(provider, instance, log));
  const port = await bind(server);
  return {
    port,
    settled: () => instance.operations.settled(),
    stop: async () => {
      instance.operations.cancel();
      await instance.operations.settled();
      log.close();
      await shutdown(server);
    },
  };
}

/** How long answers that are under way may take to leave. */
const LAST_ANSWERS_MS = 1_000;

/** Lets the last answers out, then breaks what is left: idle connections of clients that do not hang up. */
async function shutdown(server: grpc.Server): Promise<void> {
  const patience = new AbortController();
  const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await Promise.race([drained, sleep(LAST_ANSWERS_MS, undefined, patience).catch(() => {})]);
  patience.abort();
  server.forceShutdown();
}

function bind(server: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function handlers<Context>(
  provider: Provider<Context>,
  instance: ProviderInstance<Context>,
  log: EngineLog,
): grpc.UntypedServiceImplementation {
  const connect = (address: string) => {
    if (address !== '') log.connect(address);
  };
  return {
    handshake: unary(async (request: providerPb.ProviderHandshakeRequest) => {
      connect(request.getEngineAddress());
      const response = new providerPb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setAcceptResources(true);
      response.setAcceptOutputs(true);
      return response;
    }),
    attach: unary(async (request: pluginPb.PluginAttach) => {
      connect(request.getAddress());
      return new emptyPb.Empty();
    }),
    getPluginInfo: unary(async () => {
      const info = new pluginPb.PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    getSchema: unary(async (request: providerPb.GetSchemaRequest) => {
      const response = new providerPb.GetSchemaResponse();
      response.setSchema(instance.schema(request.getVersion()));
      return response;
    }),
    checkConfig: unary((request: providerPb.CheckRequest) => instance.checkConfig(request)),
    diffConfig: unary(async (request: providerPb.DiffRequest) => instance.diffConfig(request)),
    configure: unary((request: providerPb.ConfigureRequest) => instance.configure(request)),
    check: unary((request: providerPb.CheckRequest) => instance.check(request)),
    diff: unary((request: providerPb.DiffRequest) => instance.diff(request)),
    create: unary((request: providerPb.CreateRequest) => instance.create(request)),
    read: unary((request: providerPb.ReadRequest) => instance.read(request)),
    update: unary((request: providerPb.UpdateRequest) => instance.update(request)),
    delete: unary(async (request: providerPb.DeleteRequest) => {
      await instance.delete(request);
      return new emptyPb.Empty();
    }),
    invoke: unary((request: providerPb.InvokeRequest) => instance.invoke(request)),
    cancel: unary(async () => {
      instance.operations.cancel();
      return new emptyPb.Empty();
    }),
  };
}

/** A method with one request and one response. Failures become a status with a message, never a stack trace. */
function unary<Request, Response>(
  handle: (request: Request) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    // The extra step turns an exception of `handle` itself into a rejection.
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => callback(null, response),
        (error: unknown) =>
          callback(error instanceof SentFailure ? error.status : statusOf(error, (message) => message)),
      );
  };
}
