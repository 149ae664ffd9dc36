/**
 * `POST /$batch` (microsoftgraph/microsoft-graph-docs-contrib concepts/json-batching.md): up to 20 requests in one, each with an answer
 * and a status of its own. Those that are throttled get 429 with Retry-After, the others take effect.
 */
import { isJsonObject, type JsonObject, textOf, textsOf } from '../json.js';
import { type HttpReply, type HttpRequest, headerOf, segmentsOf } from '../server/http.js';
import { badRequest } from './errors.js';

const MOST_REQUESTS = 20;

/** A member of a batch. */
interface BatchMember {
  readonly id: string;
  readonly request: HttpRequest;
  /** Ids of members that have to succeed before. */
  readonly after: readonly string[];
}

/** Answers the members in their order. @throws GraphError 400 for a body that is no batch; then nothing has happened. */
export function answerBatch(
  request: HttpRequest,
  version: string,
  answer: (member: HttpRequest) => HttpReply,
): { readonly responses: readonly JsonObject[] } {
  const members = readBatch(request, version);
  const statuses = new Map<string, number>();
  const responses = members.map(({ id, request: member, after }): JsonObject => {
    const failed = after.some((other) => (statuses.get(other) ?? 500) >= 400);
    const reply = failed ? FAILED_DEPENDENCY : answer(member);
    statuses.set(id, reply.status);
    return {
      id,
      status: reply.status,
      headers: headersOf(reply),
      ...(reply.body === undefined ? {} : { body: JSON.parse(reply.body) }),
    };
  });
  return { responses };
}

const FAILED_DEPENDENCY: HttpReply = {
  status: 424,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    error: { code: 'FailedDependency', message: 'A request that this one depends on has failed.' },
  }),
};

/** With the capitals that Graph writes them with in batches. */
function headersOf({ headers }: HttpReply): JsonObject {
  const shown = {
    'Content-Type': headers['content-type'],
    'Retry-After': headers['retry-after'],
    Location: headers.location,
    'request-id': headers['request-id'],
  };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined)) as JsonObject;
}

function readBatch(request: HttpRequest, version: string): readonly BatchMember[] {
  const requests = bodyOf(request).requests;
  if (!Array.isArray(requests) || requests.length === 0) {
    throw badRequest("Invalid batch payload format: 'requests' must be a list.", 'BadRequest');
  }
  if (requests.length > MOST_REQUESTS) {
    throw badRequest(
      `Number of batch request steps exceeds the maximum value of ${MOST_REQUESTS}.`,
      'BadRequest',
    );
  }
  const members = requests.map((member) => readMember(member, request, version));
  const ids = members.map(({ id }) => id.toLowerCase());
  if (new Set(ids).size < ids.length) throw badRequest('Duplicate request id in the batch.', 'BadRequest');
  members.forEach(({ id, after }, index) => {
    const before = ids.slice(0, index);
    if (!after.every((other) => before.includes(other.toLowerCase()))) {
      throw badRequest(`Request '${id}' depends on one that does not come before it.`, 'BadRequest');
    }
  });
  return members;
}

function bodyOf(request: HttpRequest): JsonObject {
  try {
    const body: unknown = JSON.parse(request.body.toString('utf8'));
    if (isJsonObject(body) && /^application\/json\b/i.test(headerOf(request, 'content-type') ?? ''))
      return body;
  } catch {
    // Refused below, like everything else that is no object.
  }
  throw badRequest('Invalid batch payload format.', 'BadRequest');
}

/** `url` is behind the version; the batch's own token serves all members. */
function readMember(value: unknown, batch: HttpRequest, version: string): BatchMember {
  const { id, method, url, headers, body, dependsOn } = isJsonObject(value) ? value : {};
  const verb = textOf(method)?.toUpperCase();
  const target = textOf(url);
  if (textOf(id) === undefined || verb === undefined || target === undefined) {
    throw badRequest('Each request of a batch wants id, method and url.', 'BadRequest');
  }
  const [path = '', query = ''] = `/${version}/${target.replace(/^\/+/, '')}`.split('?');
  const segments = segmentsOf(path);
  if (segments === undefined || segments.includes('$batch') || /^https?:/i.test(target)) {
    throw badRequest(`The url '${target}' cannot be part of a batch.`, 'BadRequest');
  }
  const given = isJsonObject(headers) ? headers : {};
  const own = Object.entries(given).map(([name, text]) => [name.toLowerCase(), String(text)] as const);
  if (body !== undefined && !own.some(([name]) => name === 'content-type')) {
    throw badRequest('A request of a batch that has a body wants the header Content-Type.', 'BadRequest');
  }
  const { authorization } = batch.headers;
  return {
    id: String(id),
    after: textsOf(dependsOn),
    request: {
      method: verb,
      path,
      segments,
      query: new URLSearchParams(query),
      headers: { ...Object.fromEntries(own), ...(authorization === undefined ? {} : { authorization }) },
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    },
  };
}
