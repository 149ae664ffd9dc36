/** `POST /EWS/Exchange.asmx`: Exchange Web Services as far as free/busy look-ups go, in the cloud and on premises. */
import { attendeeFailure, lookUp } from '../availability/calendars.js';
import type { ExchangeSurroundings } from '../exchange/access.js';
import type { Mailbox } from '../exchange/model.js';
import type { LookUpFaults } from '../look-up-faults.js';
import { type HttpReply, type HttpRequest, headerOf } from '../server/http.js';
import { ApplicationDecisions, ewsCaller, mailboxRefusal, organizationRefusal } from './access.js';
import { EwsError } from './ews-error.js';
import { answerInstead, spoil } from './hostile-answers.js';
import { MESSAGES } from './names.js';
import { accountOfBasic } from './on-premises.js';
import { availabilityReply, busy, faultReply } from './replies.js';
import { readAvailabilityRequest, readEnvelope, type SoapRequest } from './request.js';
import { parseXml, XmlError } from './xml.js';

/** Whether a path is that of Exchange Web Services. IIS does not tell upper from lower case. */
export function isEws({ segments }: Pick<HttpRequest, 'segments'>): boolean {
  return segments.length === 2 && segments.join('/').toLowerCase() === 'ews/exchange.asmx';
}

const BIGGEST_REQUEST = 400_000;
const BACK_OFF_MS = 1_000;

export interface EwsSurroundings extends ExchangeSurroundings {
  readonly faults: LookUpFaults;
  /** Milliseconds of the sandbox's own latency. */
  latencyMs(): number;
}

/** Whom a request acts as; undefined until its envelope is read. @throws EwsError */
type AccountOf = (soap: SoapRequest) => Mailbox;

export class EwsService {
  readonly #surroundings: EwsSurroundings;
  readonly #decisions: ApplicationDecisions;
  /** Requests under way by object id of the role account. */
  readonly #underWay = new Map<string, number>();

  constructor(surroundings: EwsSurroundings) {
    this.#surroundings = surroundings;
    const { exchange, clock, faults } = surroundings;
    this.#decisions = new ApplicationDecisions(exchange, {
      now: () => clock.now(),
      keptMs: () => faults.setting('rbacCache'),
    });
  }

  /** Exchange Online: token, organisation, envelope, impersonation, mailbox, operation; the first refusal is the answer. */
  async answer(request: HttpRequest): Promise<HttpReply> {
    return await this.#faulty(request, () => {
      const { exchange, faults } = this.#surroundings;
      const known = ewsCaller(this.#surroundings, request);
      if ('refusal' in known) return known.refusal;
      const config = exchange.organization.enforced(faults.setting('ewsPolicyDelay'));
      const rules = {
        retired: faults.setting('ewsRetired') === 1,
        unsetBlocks: faults.setting('ewsUnsetBlocks') === 1,
      };
      const refusal = organizationRefusal(config, rules, known.caller, request);
      if (refusal !== undefined) return refusal;
      return this.#answerSoap(request, (soap) =>
        this.#decisions.impersonated(known.caller, soap.impersonation),
      );
    });
  }

  /** Exchange Server: Basic with a role account's name and password, which acts as itself. */
  async answerOnPremises(request: HttpRequest): Promise<HttpReply> {
    return await this.#faulty(request, () => {
      const known = accountOfBasic(this.#surroundings.exchange, request);
      if ('refusal' in known) return known.refusal;
      return this.#answerSoap(request, (soap) => {
        // Nobody has the role ApplicationImpersonation.
        if (soap.impersonation !== undefined) throw new EwsError('ErrorImpersonateUserDenied');
        return known.account;
      });
    });
  }

  async #faulty(request: HttpRequest, answer: () => HttpReply | Promise<HttpReply>): Promise<HttpReply> {
    const { faults } = this.#surroundings;
    const instead = answerInstead(this.#surroundings, faults);
    if (instead !== undefined) return instead;
    // A request that says not where it belongs goes through a second server.
    if (headerOf(request, 'x-anchormailbox') === undefined) await pause(this.#surroundings.latencyMs());
    return spoil(faults, await answer());
  }

  /** Reads the envelope and turns refusals into faults. What is no XML at all gets 400 without a body (UNCONFIRMED). */
  async #answerSoap(request: HttpRequest, accountOf: AccountOf): Promise<HttpReply> {
    if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
    if (!/^text\/xml\b/i.test(headerOf(request, 'content-type') ?? '')) return { status: 415, headers: {} };
    try {
      if (request.body.length > BIGGEST_REQUEST) throw new EwsError('ErrorRequestStreamTooBig');
      const soap = readEnvelope(parseXml(request.body.toString('utf8')));
      const account = accountOf(soap);
      return mailboxRefusal(this.#surroundings.exchange, account) ?? (await this.#throttled(soap, account));
    } catch (error) {
      if (error instanceof EwsError) return faultReply(error);
      if (error instanceof XmlError) return { status: 400, headers: {} };
      throw error;
    }
  }

  async #throttled(soap: SoapRequest, account: Mailbox): Promise<HttpReply> {
    const { faults } = this.#surroundings;
    const { id } = account.user;
    const count = this.#underWay.get(id) ?? 0;
    if (count >= faults.setting('ewsCeiling')) throw new EwsError('ErrorExceededConnectionCount');
    this.#underWay.set(id, count + 1);
    try {
      await pause(faults.setting('ewsSlow'));
      return this.#run(soap, account);
    } finally {
      this.#underWay.set(id, (this.#underWay.get(id) ?? 1) - 1);
    }
  }

  #run(soap: SoapRequest, account: Mailbox): HttpReply {
    const { namespace, name } = soap.operation;
    if (namespace !== MESSAGES || name !== 'GetUserAvailabilityRequest') {
      throw new EwsError('ErrorInvalidRequest', `The sandbox does not emulate the operation '${name}'.`);
    }
    const { exchange, faults } = this.#surroundings;
    const asked = readAvailabilityRequest(soap);
    if (asked.attendees.length > faults.setting('ewsMostAttendees')) throw busy(BACK_OFF_MS);
    const answers = asked.attendees.map((address) => {
      const failure = faults.takeAttendeeError();
      if (failure !== undefined) return attendeeFailure(failure, address);
      return lookUp(exchange, account, address, asked.window);
    });
    return availabilityReply(asked, answers);
  }
}

function pause(milliseconds: number): Promise<void> {
  if (milliseconds === 0) return Promise.resolve();
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
