/** Further listeners of the same tenant, opened when asked for, whose certificates have one thing wrong each. */
import { SandboxOptionError } from '../options.js';
import { type Authority, CERTIFICATE_KINDS, type CertificateKind, makeAuthority } from './certificates.js';
import { type Application, type Listener, listen } from './listener.js';

/** What is wrong with the certificate: with itself, or that nobody trusts its authority. */
type Flaw = Exclude<CertificateKind, 'good'> | 'untrusted';
const FLAWS = [
  ...Object.keys(CERTIFICATE_KINDS).filter((kind) => kind !== 'good'),
  'untrusted',
] as readonly Flaw[];

export class SideListeners {
  readonly #open = new Map<Flaw, Promise<Listener>>();

  constructor(
    readonly authority: Authority,
    readonly application: Application,
  ) {}

  /** The base URL of the listener with this flaw. @throws SandboxOptionError for another flaw than the known ones. */
  async open(flaw: unknown): Promise<string> {
    const known = FLAWS.find((candidate) => candidate === flaw);
    if (known === undefined) {
      throw new SandboxOptionError('certificate', 'is unknown', JSON.stringify(flaw), FLAWS.join(', '));
    }
    const opening = this.#open.get(known) ?? this.#listen(known);
    this.#open.set(known, opening);
    return `https://localhost:${(await opening).port}`;
  }

  async #listen(flaw: Flaw): Promise<Listener> {
    const identity =
      flaw === 'untrusted' ? (await makeAuthority()).issue('good') : this.authority.issue(flaw);
    return await listen(await identity, 0, this.application);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(async (listener) => (await listener).close()));
  }
}
