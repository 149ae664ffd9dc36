/** Bodies of Exchange's admin endpoints. */
import { randomUUID } from 'node:crypto';
import type { HttpReply } from '../server/http.js';
import {
  type CmdletFailure,
  DOMAIN_CONTROLLER,
  shortClass,
  statusOf,
  taggedMessage,
} from './cmdlet-error.js';
import type { Outcome } from './invoke.js';
import type { Row } from './model.js';

/** Status, headers and body of one cmdlet; as an answer of its own or in a batch. */
export interface CmdletReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: NUL bytes that claim to be gzip. */
  readonly body: object | undefined;
}

const ODATA_EXCEPTION = 'Microsoft.Exchange.Admin.OData.Core.ODataServiceException';

export interface ReplyPlace {
  /** `https://localhost:PORT/adminapi/beta/<tenant>` */
  readonly root: string;
  readonly version: 'beta' | 'v2.0';
  /** Names of properties to show; undefined: all. */
  readonly select: readonly string[] | undefined;
  /** The link to the page behind a place. */
  nextLink(place: number): string;
}

/** @throws for silence, which has no reply. */
export function cmdletReply(outcome: Outcome, place: ReplyPlace, cmdlet: string): CmdletReply {
  switch (outcome.kind) {
    case 'success':
      return { status: 200, headers: commonHeaders(cmdlet), body: successBody(outcome, place) };
    case 'failure':
      return failureReply(outcome.failure, cmdlet);
    case 'forbidden':
      return { status: 403, headers: commonHeaders(cmdlet), body: undefined };
    case 'silence':
      throw new Error('silence has no reply');
  }
}

function commonHeaders(cmdlet: string): Record<string, string> {
  return {
    'request-id': randomUUID(),
    'x-calculatedbetarget': DOMAIN_CONTROLLER.replace('DC002', 'MB0042'),
    'cmdlet-name': cmdlet.replaceAll(/[^A-Za-z-]/g, ''),
  };
}

function successBody(outcome: Extract<Outcome, { kind: 'success' }>, place: ReplyPlace): object {
  const value = outcome.rows.map((row) => selected(row, place.select));
  const next = outcome.next === undefined ? {} : { '@odata.nextLink': place.nextLink(outcome.next) };
  const context = { '@odata.context': `${place.root}/$metadata#Collection(Exchange.GenericHashTable)` };
  if (place.version === 'v2.0') return { ...context, value, ...next };
  return {
    ...context,
    'adminapi.warnings@odata.type': '#Collection(String)',
    '@adminapi.warnings': outcome.warnings,
    ...(outcome.errors.length === 0 ? {} : { '@adminapi.errors': outcome.errors.map(taggedMessage) }),
    ...(outcome.question === undefined ? {} : { '@adminapi.confirmationmessage': outcome.question }),
    value,
    ...next,
  };
}

function selected(row: Row, select: readonly string[] | undefined): Row {
  if (select === undefined) return row;
  const wanted = new Set(select.map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(row).filter(([name]) => wanted.has((name.split('@')[0] ?? '').toLowerCase())),
  );
}

function failureReply(failure: CmdletFailure, cmdlet: string): CmdletReply {
  const { status, code } = statusOf(failure);
  const headers = { ...commonHeaders(cmdlet), 'x-exceptiontype': shortClass(failure) };
  return { status, headers, body: { error: errorBody(failure, code) } };
}

/** The three shapes of errors. */
function errorBody(failure: CmdletFailure, code: string): object {
  const details =
    failure.shape === 'transformation'
      ? {}
      : { details: [{ code: 'Client', target: '', message: taggedMessage(failure) }] };
  return {
    code,
    message: failure.shape === 'cmdlet' ? 'Error executing cmdlet' : 'Invalid Operation',
    ...details,
    innererror: {
      message: failure.shape === 'cmdlet' ? 'Error executing cmdlet' : 'Invalid Operation',
      type: ODATA_EXCEPTION,
      stacktrace: '',
      internalexception: { message: failure.text, type: failure.className, stacktrace: '' },
    },
    'adminapi.warnings@odata.type': '#Collection(String)',
    '@adminapi.warnings': [],
  };
}

/** NUL bytes that are declared gzip, as Exchange answers those who may not. */
const NULS = '\0'.repeat(64);

export function httpReply({ status, headers, body }: CmdletReply): HttpReply {
  if (body === undefined) return { status, headers: { ...headers, 'content-encoding': 'gzip' }, body: NULS };
  return {
    status,
    headers: {
      'content-type':
        'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
      'cache-control': 'no-cache, no-store',
      'odata-version': '4.0',
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

/** A refusal of the request as such, before any cmdlet. */
export function plainRefusal(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): HttpReply {
  return httpReply({
    status,
    headers: { 'request-id': randomUUID(), ...headers },
    body: {
      error: {
        code,
        message: 'Invalid Operation',
        innererror: {
          message: 'Invalid Operation',
          type: ODATA_EXCEPTION,
          stacktrace: '',
          internalexception: { message, type: ODATA_EXCEPTION, stacktrace: '' },
        },
      },
    },
  });
}
