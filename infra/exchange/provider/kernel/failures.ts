/** Failures of operations, and what the engine is told of them. */
import * as grpc from '@grpc/grpc-js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import statusPb from '@pulumi/pulumi/proto/status_pb.js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import { encode } from './marshal.js';
import type { Properties } from './values.js';

/**
 * Thrown by a create or an update that failed half-way: what exists is kept in the state, and the next run goes on from
 * there instead of making it again.
 */
export class PartialFailure extends Error {
  override readonly name = 'PartialFailure';
  readonly id: string;
  readonly outputs: { readonly [name: string]: unknown };

  /** @param outputs of the resource, as far as they are known */
  constructor(id: string, outputs: { readonly [name: string]: unknown }, reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.id = id;
    this.outputs = outputs;
  }
}

/** A request that the provider refuses before doing anything. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
}

/** The engine has cancelled; nothing further is started. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';

  constructor() {
    super('cancelled');
  }
}

/** Half-made resource as it goes into the state. */
export interface PartialState {
  readonly id: string;
  readonly outputs: Properties;
  readonly inputs: Properties;
}

/** The gRPC status of a failure: its message and nothing of the stack. */
export function statusOf(error: unknown, scrub: (message: string) => string): Partial<grpc.StatusObject> {
  return { code: codeOf(error), details: scrub(messageOf(error)) };
}

/**
 * The same with what was made, so that the engine saves it (pulumi/pulumi proto/pulumi/provider.proto,
 * ErrorResourceInitFailed).
 */
export function partialStatusOf(message: string, state: PartialState): Partial<grpc.StatusObject> {
  const detail = new providerPb.ErrorResourceInitFailed();
  detail.setId(state.id);
  detail.setProperties(encode(state.outputs));
  detail.setInputs(encode(state.inputs));
  detail.setReasonsList([message]);
  const any = new anyPb.Any();
  any.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
  const status = new statusPb.Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return 'the provider failed without a reason';
}

function codeOf(error: unknown): grpc.status {
  if (error instanceof RefusedRequest) return grpc.status.INVALID_ARGUMENT;
  if (error instanceof Cancelled) return grpc.status.CANCELLED;
  // What the engine's own providers send for a failed operation.
  return grpc.status.UNKNOWN;
}
