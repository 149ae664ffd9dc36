/** `POST /EWS/Exchange.asmx`: Exchange Web Services as far as free/busy look-ups go. */
import { lookUp } from '../availability/calendars.js';
import type { ExchangeSurroundings } from '../exchange/access.js';
import type { Mailbox } from '../exchange/model.js';
import { type HttpReply, type HttpRequest, headerOf } from '../server/http.js';
import { ewsCaller, impersonated, mailboxRefusal, organizationRefusal } from './access.js';
import { EwsError } from './ews-error.js';
import { MESSAGES } from './names.js';
import { availabilityReply, faultReply } from './replies.js';
import { readAvailabilityRequest, readEnvelope, type SoapRequest } from './request.js';
import { parseXml, XmlError } from './xml.js';

/** Whether a path is that of Exchange Web Services. IIS does not tell upper from lower case. */
export function isEws({ segments }: Pick<HttpRequest, 'segments'>): boolean {
  return segments.length === 2 && segments.join('/').toLowerCase() === 'ews/exchange.asmx';
}

const BIGGEST_REQUEST = 400_000;

export class EwsService {
  readonly #surroundings: ExchangeSurroundings;

  constructor(surroundings: ExchangeSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Token, organisation, envelope, impersonation, mailbox, operation: the first refusal is the answer. */
  answer(request: HttpRequest): HttpReply {
    const { exchange } = this.#surroundings;
    const known = ewsCaller(this.#surroundings, request);
    if ('refusal' in known) return known.refusal;
    const refusal = organizationRefusal(exchange.organization.config, known.caller, request);
    if (refusal !== undefined) return refusal;
    return answerSoap(request, (soap) => {
      const account = impersonated(exchange, known.caller, soap.impersonation);
      return mailboxRefusal(exchange, account) ?? this.#run(soap, account);
    });
  }

  #run(soap: SoapRequest, account: Mailbox): HttpReply {
    const { namespace, name } = soap.operation;
    if (namespace !== MESSAGES || name !== 'GetUserAvailabilityRequest') {
      throw new EwsError('ErrorInvalidRequest', `The sandbox does not emulate the operation '${name}'.`);
    }
    const asked = readAvailabilityRequest(soap);
    const { exchange } = this.#surroundings;
    return availabilityReply(
      asked,
      asked.attendees.map((address) => lookUp(exchange, account, address, asked.window)),
    );
  }
}

/** Reads the envelope and turns refusals into faults. What is no XML at all gets 400 without a body (UNCONFIRMED). */
function answerSoap(request: HttpRequest, answer: (soap: SoapRequest) => HttpReply): HttpReply {
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
  if (!/^text\/xml\b/i.test(headerOf(request, 'content-type') ?? '')) return { status: 415, headers: {} };
  try {
    if (request.body.length > BIGGEST_REQUEST) throw new EwsError('ErrorRequestStreamTooBig');
    return answer(readEnvelope(parseXml(request.body.toString('utf8'))));
  } catch (error) {
    if (error instanceof EwsError) return faultReply(error);
    if (error instanceof XmlError) return { status: 400, headers: {} };
    throw error;
  }
}
