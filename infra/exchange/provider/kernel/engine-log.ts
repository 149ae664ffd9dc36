/** Messages to the engine, which shows them to people. */
import * as grpc from '@grpc/grpc-js';
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import enginePb from '@pulumi/pulumi/proto/engine_pb.js';
import type { OperationLog } from './definition.js';

/** The engine's log. Without an address, what is said is dropped: there is nobody to show it. */
export class EngineLog {
  #client: InstanceType<typeof engineGrpc.EngineClient> | undefined;
  readonly #pending = new Set<Promise<void>>();

  /** @param address `host:port` of the engine, which is on this machine */
  connect(address: string): void {
    this.#client?.close();
    this.#client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  }

  /** A log for one resource. `scrub` takes secrets out. */
  for(urn: string, scrub: (message: string) => string): OperationLog {
    const say = (severity: enginePb.LogSeverity, ephemeral: boolean) => (message: string) => {
      this.#send(urn, severity, ephemeral, scrub(message));
    };
    return {
      status: say(enginePb.LogSeverity.INFO, true),
      debug: say(enginePb.LogSeverity.DEBUG, false),
      info: say(enginePb.LogSeverity.INFO, false),
      warning: say(enginePb.LogSeverity.WARNING, false),
    };
  }

  /** Waits until what was said has arrived, so that nothing shows up after its operation. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending);
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #send(urn: string, severity: enginePb.LogSeverity, ephemeral: boolean, message: string): void {
    const client = this.#client;
    if (client === undefined) return;
    const request = new enginePb.LogRequest();
    request.setSeverity(severity);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(ephemeral);
    const sent = new Promise<void>((resolve) => {
      // A message that does not arrive is no reason to fail the operation.
      client.log(request, new grpc.Metadata(), { deadline: Date.now() + 5_000 }, () => resolve());
    });
    this.#pending.add(sent);
    void sent.then(() => this.#pending.delete(sent));
  }
}
