/** The members of a `$batch`: each is an InvokeCommand of the same tenant. */
import { isJsonObject, textOf } from '../json.js';
import { type CmdletReply, plainRefusal } from './replies.js';
import type { Call } from './service.js';

/** At most so many members. */
export const BATCH_PARTS = 10;

export interface BatchMember {
  readonly id: string;
  readonly call: Omit<Call, 'tenant'> | { readonly refusal: CmdletReply };
}

/** The members, or what is wrong with the batch as a whole. `root` is `https://…/adminapi/beta/<tenant>`. */
export function readBatch(body: unknown, root: string): readonly BatchMember[] | string {
  const requests = isJsonObject(body) ? body.requests : undefined;
  if (!Array.isArray(requests) || requests.length === 0) return 'The batch holds no requests.';
  if (requests.length > BATCH_PARTS) return `The batch holds more than ${BATCH_PARTS} requests.`;
  const ids = requests.map((member: unknown) => (isJsonObject(member) ? String(member.id ?? '') : ''));
  if (ids.includes('') || new Set(ids).size < ids.length)
    return 'Each request of a batch needs an id of its own.';
  return requests.map((member: unknown, index) => ({ id: ids[index] ?? '', call: readMember(member, root) }));
}

function readMember(member: unknown, root: string): BatchMember['call'] {
  if (!isJsonObject(member)) return refusal('The request is no object.');
  const headers = isJsonObject(member.headers) ? member.headers : {};
  const header = (name: string) => {
    const entry = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
    return textOf(entry?.[1]);
  };
  const url = textOf(member.url) ?? '';
  const [path = '', query = ''] = url.split('?');
  if (textOf(member.method)?.toUpperCase() !== 'POST' || path !== `${root}/InvokeCommand`) {
    return refusal('A request of a batch is a POST to InvokeCommand of the same tenant, with the whole URL.');
  }
  return {
    version: 'beta',
    endpoint: 'InvokeCommand',
    query: new URLSearchParams(query),
    prefer: header('prefer') ?? '',
    anchor: header('x-anchormailbox'),
    body: member.body,
  };
}

function refusal(message: string): { readonly refusal: CmdletReply } {
  const reply = plainRefusal(400, 'BadRequest', message);
  return { refusal: { status: 400, headers: {}, body: JSON.parse(reply.body ?? '{}') as object } };
}
