/** The key with which the PowerShell module encrypts passwords. UNCONFIRMED: how it is handed over, and the padding. */
import { constants, generateKeyPairSync, type KeyObject, privateDecrypt } from 'node:crypto';

const PADDING = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

export class SecretKey {
  /** Made when it is first asked for: few tests need one. */
  #pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

  publicPem(): string {
    return this.#keys().publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  /** The text in base64 that was encrypted with the key; undefined for everything else. */
  open(encrypted: string): string | undefined {
    try {
      const bytes = Buffer.from(encrypted, 'base64');
      return privateDecrypt({ key: this.#keys().privateKey, ...PADDING }, bytes).toString('utf8');
    } catch {
      return undefined;
    }
  }

  #keys() {
    this.#pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
    return this.#pair;
  }
}
