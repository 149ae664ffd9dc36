/** A simulated Google: it signs in at the tenant's token endpoint with what a person pasted, and with nothing else. */
import type { TestSandbox } from './sandbox.js';

export class PastedSecret {
  readonly #sandbox: TestSandbox;
  #clientId = '';
  #secret = '';

  constructor(sandbox: TestSandbox) {
    this.#sandbox = sandbox;
  }

  /** A person pastes a secret into Google's form. */
  paste(clientId: string, secret: string): void {
    this.#clientId = clientId;
    this.#secret = secret;
  }

  /** Whether a look-up would get its token now. */
  async works(): Promise<boolean> {
    const { status } = await this.#sandbox.tokenRequest({
      grant_type: 'client_credentials',
      client_id: this.#clientId,
      client_secret: this.#secret,
      scope: 'https://outlook.office365.com/.default',
    });
    return status === 200;
  }
}
