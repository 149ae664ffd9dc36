/** Why a look-up as a whole came to nothing, before anybody has asked why. */
import type { NoAnswer } from './http.js';

export type Refusal =
  | { readonly kind: NoAnswer['kind']; readonly evidence: string }
  /** A status, with what the server said about it. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly evidence: string;
    }
  | { readonly kind: 'html' | 'brokenXml' | 'foreignXml' | 'incomplete'; readonly evidence: string }
  /** A code of EWS or Graph for the whole request. */
  | { readonly kind: 'code'; readonly code: string; readonly evidence: string }
  /** Throttled again and again. */
  | { readonly kind: 'busy'; readonly evidence: string };

/** What one role account's look-up gave. */
export type LookUp<Answer> =
  | { readonly answers: readonly Answer[]; readonly requests: number }
  | { readonly refusal: Refusal; readonly requests: number };
