/** The opaque part of links to a next page: good for the same call, by the same anchor, for half an hour. */
import { createHash, createHmac, randomBytes } from 'node:crypto';

const LIFETIME_MS = 30 * 60_000;

interface Contents {
  readonly place: number;
  /** Of cmdlet, parameters and anchor. */
  readonly call: string;
  readonly issuedAt: number;
}

export class PageTokens {
  readonly #key = randomBytes(32);

  constructor(readonly now: () => number) {}

  issue(place: number, call: string): string {
    const contents: Contents = { place, call: digest(call), issuedAt: this.now() };
    const text = Buffer.from(JSON.stringify(contents)).toString('base64url');
    return `${text}.${this.#sign(text)}`;
  }

  /** The place that a token stands for; undefined unless it is ours, of this call, and not too old. */
  read(token: string, call: string): number | undefined {
    const [text = '', signature] = token.split('.');
    if (signature !== this.#sign(text)) return undefined;
    const contents = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Contents;
    const isFresh = contents.issuedAt + LIFETIME_MS > this.now();
    return isFresh && contents.call === digest(call) ? contents.place : undefined;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
