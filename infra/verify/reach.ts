/**
 * Whether a host can be reached as Google reaches it: name, connection, certificate. Each step is told apart, so that one fault has
 * one name.
 *
 * What "a public authority" is, is decided by Node's bundled roots; a certificate that only a CA file vouches for is trusted only
 * here.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect as connectTls,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls';
import { onAbort } from '../abort.js';
import { networkCode } from '../graph/network-error.js';
import { proxyFor } from '../graph/proxy.js';
import { type Finding, finding } from './finding.js';
import type { LeafCode } from './leaves.js';
import type { Surroundings } from './surroundings.js';

/** How far the way to a host was gone. */
export interface Reached {
  /** False: a fault on the way; nothing further can be tried. */
  readonly open: boolean;
  readonly findings: readonly Finding[];
  /** What was seen of each step that held, for people. */
  readonly steps: readonly { readonly stage: 'name' | 'tcp' | 'tls'; readonly seen: string }[];
  /** Why the way was not looked at, where it was not. */
  readonly skipped?: string;
}

/** How many days before its end a certificate is worth a note. */
const SOON_DAYS = 21;
const DAY_MS = 86_400_000;

/**
 * @param mustBePublic whether Google itself meets this certificate: then one that is trusted only here is a fault
 */
export async function reach(url: URL, mustBePublic: boolean, around: Surroundings): Promise<Reached> {
  if (proxyFor(url, around.env) !== undefined) {
    return {
      open: true,
      findings: [],
      steps: [],
      skipped: `a proxy stands between here and ${url.host}: name, connection and certificate were not looked at`,
    };
  }
  const place = placeOf(url);
  const steps: { stage: 'name' | 'tcp' | 'tls'; seen: string }[] = [];
  const stopped = (fault: Finding): Reached => ({ open: false, findings: [fault], steps });

  const addresses = await addressesOf(place, around);
  if ('fault' in addresses) return stopped(addresses.fault);
  steps.push({ stage: 'name', seen: addresses.found.join(', ') });

  const first = await dial(place, addresses.found, around);
  if ('fault' in first) return stopped(first.fault);
  steps.push({ stage: 'tcp', seen: `port ${place.port} answers` });

  const certificate = await greet(place, first.socket, around.publicRoots(), around);
  if ('fault' in certificate) return stopped(certificate.fault);
  const judged = await judge(place, certificate, addresses.found, mustBePublic, around);
  if (judged.fault !== undefined) return stopped(judged.fault);
  steps.push({ stage: 'tls', seen: seenCertificate(certificate.peer) });
  return { open: true, findings: judged.notes, steps };
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly label: string;
  readonly facts: Readonly<Record<string, string>>;
}

function placeOf(url: URL): Place {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? 443 : Number(url.port);
  return { host, port, label: url.host, facts: { host, port: String(port), url: url.href } };
}

type Faulty = { readonly fault: Finding };

function faultAt(code: LeafCode, place: Place, evidence: string): Faulty {
  return { fault: finding(code, place.label, evidence, place.facts) };
}

async function addressesOf(
  place: Place,
  around: Surroundings,
): Promise<{ readonly found: readonly string[] } | Faulty> {
  try {
    return { found: await within(around.resolve(place.host), around) };
  } catch (error) {
    around.signal.throwIfAborted();
    const code = (error as NodeJS.ErrnoException).code ?? 'ETIMEDOUT';
    return faultAt(UNKNOWN_NAME.has(code) ? 'CI-NAME-UNKNOWN' : 'CI-NAME-NO-ANSWER', place, code);
  }
}

/** Name servers say that there is no such name, or no address of it (nodejs.org/api/dns.html, error codes). */
const UNKNOWN_NAME = new Set(['ENOTFOUND', 'ENODATA']);

async function within<T>(work: Promise<T>, { limitMs }: Surroundings): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first address that takes the connection; what is told is the failure of the last. */
async function dial(
  place: Place,
  addresses: readonly string[],
  around: Surroundings,
): Promise<{ readonly socket: Socket } | Faulty> {
  let last = 'no address';
  for (const address of addresses) {
    const attempt = await connectTo(address, place.port, around);
    if ('socket' in attempt) return attempt;
    around.signal.throwIfAborted();
    last = attempt.code;
  }
  const evidence = `${addresses.join(', ')} port ${place.port}: ${last}`;
  return faultAt(last === 'ECONNREFUSED' ? 'CI-TCP-REFUSED' : 'CI-TCP-SILENT', place, evidence);
}

function connectTo(
  host: string,
  port: number,
  { limitMs, signal }: Surroundings,
): Promise<{ readonly socket: Socket } | { readonly code: string }> {
  return new Promise((resolve) => {
    signal.throwIfAborted();
    const socket = connectTcp({ host, port });
    // Given the signal itself, Node would listen to it for as long as it lives.
    socket.once(
      'close',
      onAbort(signal, () => socket.destroy(new Error('called off'))),
    );
    const give = (code: string) => {
      socket.destroy();
      resolve({ code });
    };
    socket.setTimeout(limitMs, () => give('ETIMEDOUT'));
    socket.once('error', (error) => give(networkCode(error) ?? 'no connection'));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('error');
      resolve({ socket });
    });
  });
}

interface Greeted {
  readonly peer: PeerCertificate;
  /** Node's code when the chain does not lead to the roots that were used; undefined when it does. */
  readonly refusal: string | undefined;
}

/** A TLS handshake that looks at the certificate whatever it is; no request is sent over it. */
function greet(
  place: Place,
  socket: Socket,
  secureContext: SecureContext,
  { limitMs }: Surroundings,
): Promise<Greeted | Faulty> {
  return new Promise((resolve) => {
    const tls = connectTls({
      socket,
      secureContext,
      rejectUnauthorized: false,
      // Checked by name afterwards: the chain comes first.
      checkServerIdentity: () => undefined,
      ...(isAddress(place.host) ? {} : { servername: place.host }),
    });
    const end = (result: Greeted | Faulty) => {
      tls.destroy();
      resolve(result);
    };
    tls.setTimeout(limitMs, () => end(faultAt('CI-TLS-NONE', place, 'no answer to the TLS greeting')));
    tls.once('error', (error) => end(faultAt('CI-TLS-NONE', place, codeOf(error))));
    tls.once('secureConnect', () => {
      const { authorizationError } = tls;
      // Types say Error; Node gives the code as text.
      const refusal = tls.authorized || !authorizationError ? undefined : String(authorizationError);
      end({ peer: tls.getPeerCertificate(), refusal });
    });
  });
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

interface Judged {
  readonly fault?: Finding;
  readonly notes: readonly Finding[];
}

/** One fault of a certificate, the plainest first: its time, its names, its authority. */
async function judge(
  place: Place,
  { peer, refusal }: Greeted,
  addresses: readonly string[],
  mustBePublic: boolean,
  around: Surroundings,
): Promise<Judged> {
  const [from, to] = [Date.parse(peer.valid_from), Date.parse(peer.valid_to)];
  const now = around.now();
  const fault = (code: LeafCode, evidence: string): Judged => ({
    fault: finding(code, place.label, evidence, place.facts),
    notes: [],
  });
  if (now > to) return fault('CI-TLS-EXPIRED', `valid until ${peer.valid_to}`);
  if (now < from) return fault('CI-TLS-NOT-YET-VALID', `valid from ${peer.valid_from}`);
  if (checkServerIdentity(place.host, peer) !== undefined) {
    return fault('CI-TLS-HOST-NAME', `the certificate is for ${peer.subjectaltname ?? 'no host name'}`);
  }
  const notes: Finding[] = [];
  if (refusal !== undefined) {
    const here = await isTrustedHere(place, addresses, around);
    const issuer = `issued by ${nameOf(peer.issuer)} (${refusal})`;
    if (!here) {
      return fault(
        refusal === 'DEPTH_ZERO_SELF_SIGNED_CERT' ? 'CI-TLS-SELF-SIGNED' : 'CI-TLS-UNTRUSTED',
        issuer,
      );
    }
    const files = around.trust.files.map((file) => `${file.variable}=${file.path}`).join(', ');
    const seen = `${issuer}; ${files}`;
    const code = mustBePublic ? 'CI-TLS-ONLY-HERE' : 'CI-TLS-INSPECTED';
    // The look-up can still be tried: what it says about the rest is worth having.
    notes.push(finding(code, place.label, seen, place.facts));
  }
  if (to - now < SOON_DAYS * DAY_MS) {
    notes.push(finding('CI-TLS-EXPIRES-SOON', place.label, `valid until ${peer.valid_to}`, place.facts));
  }
  return { notes };
}

async function isTrustedHere(
  place: Place,
  addresses: readonly string[],
  around: Surroundings,
): Promise<boolean> {
  const again = await dial(place, addresses, around);
  if ('fault' in again) return false;
  const greeted = await greet(place, again.socket, around.trust.secureContext(), around);
  return 'peer' in greeted && greeted.refusal === undefined;
}

function seenCertificate(peer: PeerCertificate): string {
  return `${nameOf(peer.subject)}, issued by ${nameOf(peer.issuer)}, valid until ${peer.valid_to}`;
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const { CN, O: organisation } = (name ?? {}) as { CN?: string | string[]; O?: string | string[] };
  return String(CN ?? organisation ?? 'no name');
}
