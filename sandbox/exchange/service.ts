/**
 * Exchange's admin endpoints: the module's transport (`/adminapi/beta/{tenant}/InvokeCommand`, `$batch`), the published API
 * (`/adminapi/v2.0/{tenant}/{endpoint}`) and the capability probe (`/adminapi/v1.0/{tenant}/EXOModuleFile`).
 */
import { isJsonObject, type JsonObject, textOf } from '../json.js';
import { type HttpReply, type HttpRequest, headerOf, htmlPage } from '../server/http.js';
import {
  ClaimsChallenges,
  callerOf,
  type ExchangeAppRole,
  type ExchangeCaller,
  type ExchangeSurroundings,
} from './access.js';
import { type Anchor, parseAnchor } from './anchor.js';
import { readBatch } from './batch.js';
import { CMDLET_NAMES, cmdletNamed } from './cmdlets/index.js';
import { invoke } from './invoke.js';
import { PageTokens } from './page-token.js';
import { type CmdletReply, cmdletReply, httpReply, plainRefusal, type ReplyPlace } from './replies.js';
import { Statistics } from './statistics.js';
import { checkEndpoint, isEndpoint } from './v2.js';

/** What the service asks of the server around it. */
export interface ServiceTime {
  /** Milliseconds of the sandbox's own latency. */
  latencyMs(): number;
}

/** One cmdlet to run, as a request or a member of a batch says. */
export interface Call {
  readonly version: 'beta' | 'v2.0';
  /** Behind the tenant: `InvokeCommand` or an endpoint of v2.0. */
  readonly endpoint: string;
  readonly tenant: string;
  readonly query: URLSearchParams;
  readonly prefer: string;
  /** The header as sent. */
  readonly anchor: string | undefined;
  readonly body: unknown;
}

/** In place of an answer: there is none. */
const SILENCE = Symbol('silence');
const EXPIRED_PAGE = 'Expired or Invalid pagination request. Default Expiry time is 00:30:00';
const MAILBOX_CMDLET = /^(?:Add|Get|Remove|Set)-(?:Mailbox|CASMailbox|CalendarProcessing)/;

/** Whether a path is Exchange's admin API. */
export function isExchange(request: Pick<HttpRequest, 'segments'>): boolean {
  return request.segments[0]?.toLowerCase() === 'adminapi';
}

export class ExchangeService {
  readonly statistics: Statistics;
  readonly #surroundings: ExchangeSurroundings;
  readonly #time: ServiceTime;
  readonly #challenges: ClaimsChallenges;
  readonly #pages: PageTokens;

  constructor(surroundings: ExchangeSurroundings, time: ServiceTime) {
    this.#surroundings = surroundings;
    this.#time = time;
    this.statistics = new Statistics(surroundings.exchange);
    this.#challenges = new ClaimsChallenges(surroundings);
    this.#pages = new PageTokens(() => surroundings.clock.now());
  }

  /** Everything of Exchange that can be changed, as plain JSON. */
  describe(): object {
    return this.#surroundings.exchange.describe();
  }

  /** Answers what belongs to Exchange; undefined for every other path. */
  async answer(request: HttpRequest): Promise<HttpReply | undefined> {
    if (!isExchange(request)) return undefined;
    const [, version = '', tenant = '', endpoint = '', ...rest] = request.segments;
    if (rest.length > 0 || endpoint === '') return undefined;
    this.statistics.requests += 1;
    if (version === 'v1.0' && endpoint === 'EXOModuleFile') return this.#moduleFile(request, tenant);
    if (version === 'v1.0' && endpoint === 'InvokeCommand') return methodNotAllowed();
    if (version === 'beta' && endpoint === '$batch') return await this.#batch(request, tenant);
    if (version === 'beta' && endpoint === 'InvokeCommand')
      return await this.#single(request, version, 'Exchange.ManageAsApp');
    if (version === 'v2.0' && isEndpoint(endpoint))
      return await this.#single(request, version, 'Exchange.ManageAsAppV2');
    return undefined;
  }

  async #single(request: HttpRequest, version: 'beta' | 'v2.0', role: ExchangeAppRole): Promise<HttpReply> {
    const [, , tenant = '', endpoint = ''] = request.segments;
    if (request.method !== 'POST') return methodNotAllowed();
    const known = this.#admit(request, tenant, version, role);
    if ('refusal' in known) return known.refusal;
    const call: Call = {
      version,
      endpoint,
      tenant,
      query: request.query,
      prefer: headerOf(request, 'prefer') ?? '',
      anchor: headerOf(request, 'x-anchormailbox'),
      body: jsonOf(request),
    };
    return await this.#throttled(1, async () => {
      const reply = await this.#run(call, known.caller);
      return reply === SILENCE ? SILENCE : httpReply(reply);
    });
  }

  async #batch(request: HttpRequest, tenant: string): Promise<HttpReply> {
    if (request.method !== 'POST') return methodNotAllowed();
    const known = this.#admit(request, tenant, 'beta', 'Exchange.ManageAsApp');
    if ('refusal' in known) return known.refusal;
    const members = readBatch(jsonOf(request), this.#root('beta', tenant));
    if (typeof members === 'string') return plainRefusal(400, 'BadRequest', members);
    const continues = (headerOf(request, 'prefer') ?? '').includes('odata.continue-on-error');
    return await this.#throttled(members.length, async () => {
      const { faults } = this.#surroundings.exchange;
      const half = Math.floor(members.length / 2);
      const asked = faults.take('halfBatch') === undefined ? members : members.slice(0, half);
      const responses: object[] = [];
      const answer = async ({ id, call }: (typeof members)[number]) => {
        const reply = 'refusal' in call ? call.refusal : await this.#run({ ...call, tenant }, known.caller);
        if (reply === SILENCE) return SILENCE;
        responses.push({ id, ...reply });
        return reply.status;
      };
      const statuses = continues ? await Promise.all(asked.map(answer)) : await untilFailure(asked, answer);
      if (statuses.includes(SILENCE)) return SILENCE;
      const answered = faults.take('halfAnswer') === undefined ? responses : responses.slice(0, half);
      // The order of the answers says nothing: ids do.
      return httpReply({ status: 200, headers: {}, body: { responses: answered.reverse() } });
    });
  }

  #moduleFile(request: HttpRequest, tenant: string): HttpReply {
    if (request.method !== 'GET') return methodNotAllowed();
    const known = this.#admit(request, tenant, 'beta', 'Exchange.ManageAsApp');
    if ('refusal' in known) return known.refusal;
    const { roleGroups } = known.caller;
    if (roleGroups.size === 0) return httpReply({ status: 403, headers: {}, body: undefined });
    const allowed = CMDLET_NAMES.filter((name) =>
      cmdletNamed(name)?.cmdlet.roles.some((role) => roleGroups.has(role)),
    );
    const wanted = headerOf(request, 'commandname') ?? '*';
    const names = wanted === '*' ? allowed : allowed.filter((name) => wanted.split(',').includes(name));
    return httpReply({
      status: 200,
      headers: {},
      body: {
        '@odata.context': `${this.#root('v1.0', tenant)}/$metadata#EXOModuleFile`,
        value: [
          {
            version: request.query.get('Version'),
            exportedCmdlets: names.join(','),
            secretKey: this.#surroundings.exchange.secretKey.publicPem(),
          },
        ],
      },
    });
  }

  /** Tenant, token, app role, and requests that are refused as a whole. */
  #admit(request: HttpRequest, tenant: string, version: 'beta' | 'v2.0', role: ExchangeAppRole) {
    const known = callerOf(this.#surroundings, this.#challenges, request, role);
    if ('refusal' in known) return known;
    const { directory, exchange } = this.#surroundings;
    const domains = directory.tenant.domains.filter(({ isVerified }) => isVerified).map(({ id }) => id);
    const names = version === 'v2.0' ? [directory.tenant.id] : [directory.tenant.id, ...domains];
    if (!names.includes(tenant.toLowerCase())) {
      return { refusal: plainRefusal(400, 'BadRequest', `The tenant '${tenant}' is not that of the token.`) };
    }
    const storm = exchange.faults.take('throttleStorm');
    if (storm !== undefined) return { refusal: this.#tooMany(storm.retryAfter) };
    const isBroken = exchange.faults.take('gatewayError') !== undefined;
    return isBroken ? { refusal: htmlPage(502, 'Bad Gateway') } : known;
  }

  /** Silence holds no place: a hung call must not lower the ceiling for good. */
  async #throttled(cmdlets: number, work: () => Promise<HttpReply | typeof SILENCE>): Promise<HttpReply> {
    const { throttle, faults } = this.#surroundings.exchange;
    if (!throttle.enter(cmdlets)) return this.#tooMany(faults.settings.ceilingRetryAfter);
    const reply = await work().finally(() => throttle.leave(cmdlets));
    if (reply === SILENCE) return await new Promise<never>(() => undefined);
    return faults.take('gatewayTimeout') === undefined ? reply : htmlPage(504, 'Gateway Timeout');
  }

  #tooMany(retryAfter: number): HttpReply {
    this.statistics.throttled += 1;
    return plainRefusal(429, 'TooManyRequests', 'The request was throttled.', {
      'retry-after': String(retryAfter),
    });
  }

  /** Runs one cmdlet, after the time that it takes. */
  async #run(call: Call, caller: ExchangeCaller): Promise<CmdletReply | typeof SILENCE> {
    const input = cmdletInput(call.body);
    if (input === undefined)
      return badRequest('The body holds no CmdletInput with CmdletName and Parameters.');
    const { name, parameters } = input;
    const anchor = call.anchor === undefined ? undefined : parseAnchor(call.anchor);
    if (call.anchor !== undefined && anchor === undefined)
      return badRequest(`X-AnchorMailbox '${call.anchor}' has no known prefix.`);
    const misfit = call.version === 'v2.0' ? checkEndpoint(call.endpoint, name, parameters) : undefined;
    if (misfit !== undefined) return badRequest(misfit);
    const callText = JSON.stringify([call.endpoint, name.toLowerCase(), parameters, call.anchor ?? '']);
    const token = call.query.get('$skiptoken');
    const after = token === null ? 0 : this.#pages.read(token, callText);
    if (after === undefined) return badRequest(EXPIRED_PAGE);
    await this.#wait(name, anchor);
    this.statistics.ran(name);
    const pageSize = Math.min(pageSizeOf(call.prefer), this.#surroundings.exchange.faults.settings.pageSize);
    const outcome = invoke(this.#surroundings.exchange, caller, {
      name,
      parameters,
      anchor,
      pageSize,
      after,
    });
    if (outcome.kind === 'silence') return SILENCE;
    return cmdletReply(outcome, this.#replyPlace(call, callText, after), name);
  }

  #replyPlace(call: Call, callText: string, after: number): ReplyPlace {
    const root = this.#root(call.version, call.tenant);
    const select = call.query.get('$select');
    const { faults } = this.#surroundings.exchange;
    return {
      root,
      version: call.version,
      select: select === null ? undefined : select.split(','),
      nextLink: (place) => {
        const loops = faults.take('loopingNextLink') !== undefined;
        const own = call.query.get('$skiptoken');
        const token = loops && own !== null ? own : this.#pages.issue(loops ? after : place, callText);
        // The link repeats the choice of properties: whoever follows it must not add any (OData 4.01, 11.2.6.7).
        const kept = select === null ? '' : `%24select=${encodeURIComponent(select)}&`;
        return `${root}/${call.endpoint}?${kept}%24skiptoken=${encodeURIComponent(token)}`;
      },
    };
  }

  #root(version: string, tenant: string): string {
    return `${this.#surroundings.place.base()}/adminapi/${version}/${tenant}`;
  }

  /** A request that goes to no mailbox's server takes twice as long where the cmdlet is about a mailbox. */
  async #wait(name: string, anchor: Anchor | undefined): Promise<void> {
    const one = this.#surroundings.exchange.faults.settings.cmdletLatency ?? this.#time.latencyMs();
    const isMisrouted = anchor?.routesTo === undefined && MAILBOX_CMDLET.test(name) && name !== 'Get-Mailbox';
    const milliseconds = isMisrouted ? 2 * one : one;
    if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
  }
}

/** Answers one after the other, up to the first failure. */
async function untilFailure<T>(
  members: readonly T[],
  answer: (member: T) => Promise<number | typeof SILENCE>,
): Promise<readonly (number | typeof SILENCE)[]> {
  const statuses: (number | typeof SILENCE)[] = [];
  for (const member of members) {
    const status = await answer(member);
    statuses.push(status);
    if (status === SILENCE || status >= 400) break;
  }
  return statuses;
}

function cmdletInput(body: unknown): { readonly name: string; readonly parameters: JsonObject } | undefined {
  const input = isJsonObject(body) ? body.CmdletInput : undefined;
  if (!isJsonObject(input)) return undefined;
  const name = textOf(input.CmdletName);
  const parameters = input.Parameters ?? {};
  return name !== undefined && input.Parameters !== null && isJsonObject(parameters)
    ? { name, parameters }
    : undefined;
}

function pageSizeOf(prefer: string): number {
  const wanted = /odata\.maxpagesize=(\d+)/i.exec(prefer)?.[1];
  return wanted === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Number(wanted));
}

function jsonOf(request: HttpRequest): unknown {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return undefined;
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A refusal in the shape of a cmdlet's. */
function badRequest(message: string): CmdletReply {
  const reply = plainRefusal(400, 'BadRequest', message);
  return { status: reply.status, headers: {}, body: JSON.parse(reply.body ?? '{}') as object };
}

function methodNotAllowed(): HttpReply {
  return plainRefusal(405, 'MethodNotAllowed', 'The method is not allowed.');
}
