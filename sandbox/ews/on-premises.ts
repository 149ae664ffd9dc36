/** EWS of an Exchange Server: it takes Basic, and no token (Google's console has a name and a password for this type). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { mailboxWithAddress } from '../availability/calendars.js';
import type { ExchangeOnline } from '../exchange/exchange-online.js';
import type { Mailbox } from '../exchange/model.js';
import { type HttpReply, type HttpRequest, headerOf } from '../server/http.js';

/** Whose name and password a request carries, or the 401 that asks for them. */
export function accountOfBasic(
  exchange: ExchangeOnline,
  request: HttpRequest,
): { readonly account: Mailbox } | { readonly refusal: HttpReply } {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1] ?? '';
  const [name = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const account = mailboxWithAddress(exchange, name);
  const known = exchange.passwordHashes.get(account?.user.id ?? '');
  const given = createHash('sha256').update(password.join(':')).digest();
  if (account !== undefined && known !== undefined && timingSafeEqual(Buffer.from(known, 'hex'), given)) {
    return { account };
  }
  const challenge = `Basic realm="${request.headers.host ?? 'localhost'}"`;
  return { refusal: { status: 401, headers: { 'www-authenticate': challenge } } };
}
