/** What one vault holds: secrets with their versions, and those that are deleted softly. No HTTP. */
import { randomBytes } from 'node:crypto';
import { badParameter, deletedName, disabled, notFound } from './refusals.js';

/** Attributes as a client sends them; times are seconds since 1970. */
export interface SecretAttributes {
  readonly enabled?: boolean;
  readonly nbf?: number;
  readonly exp?: number;
}

/** What a client sets. */
export interface SecretWish {
  readonly value: string;
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly attributes?: SecretAttributes;
}

/** One version; `version` is 32 hexadecimal digits. */
export interface SecretVersion extends SecretWish {
  readonly version: string;
  readonly created: number;
}

/** 1 to 127 letters, digits and hyphens (learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates). */
const NAME = /^[0-9a-zA-Z-]{1,127}$/;
/** Longest value: 25 KB (…/key-vault/secrets/about-secrets). */
const LONGEST_VALUE = 25_600;
/** Most tags, and longest name and value of one (…/about-keys-secrets-certificates). */
const MOST_TAGS = 15;
const LONGEST_TAG = 512;

export class Vault {
  readonly #now: () => number;
  readonly #secrets = new Map<string, SecretVersion[]>();
  readonly #deleted = new Map<string, SecretVersion[]>();

  /** @param now seconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a version. Names are alike whatever their case. */
  set(name: string, wish: SecretWish): SecretVersion {
    checkName(name);
    checkWish(wish);
    const key = name.toLowerCase();
    if (this.#deleted.has(key)) throw deletedName(name);
    const made = { ...wish, version: randomBytes(16).toString('hex'), created: this.#now() };
    this.#secrets.set(key, [...(this.#secrets.get(key) ?? []), made]);
    return made;
  }

  /** The newest version, or the one that is named. A disabled one is not read. */
  get(name: string, version?: string): SecretVersion {
    checkName(name);
    const versions = this.#secrets.get(name.toLowerCase()) ?? [];
    const found = version === undefined ? versions.at(-1) : versions.find((one) => one.version === version);
    if (found === undefined) throw notFound(name);
    if (found.attributes?.enabled === false) throw disabled();
    return found;
  }

  /** All versions, the oldest first. UNCONFIRMED: that a name which was never set has none, instead of being an error. */
  versions(name: string): readonly SecretVersion[] {
    checkName(name);
    return this.#secrets.get(name.toLowerCase()) ?? [];
  }

  /** Deletes softly: the name stays taken. */
  delete(name: string): SecretVersion {
    checkName(name);
    const key = name.toLowerCase();
    const versions = this.#secrets.get(key);
    const newest = versions?.at(-1);
    if (versions === undefined || newest === undefined) throw notFound(name);
    this.#secrets.delete(key);
    this.#deleted.set(key, versions);
    return newest;
  }
}

function checkName(name: string): void {
  if (!NAME.test(name)) throw badParameter(`The request URI contains an invalid name: ${name}`);
}

function checkWish({ value, tags = {}, attributes = {} }: SecretWish): void {
  if (Buffer.byteLength(value) > LONGEST_VALUE) throw badParameter('Property value has invalid length.');
  const entries = Object.entries(tags);
  const tooLong = entries.some((pair) => pair.some((text) => text.length > LONGEST_TAG));
  if (entries.length > MOST_TAGS || tooLong) throw badParameter('Property tags is out of its limits.');
  const { nbf, exp } = attributes;
  if (nbf !== undefined && exp !== undefined && exp <= nbf)
    throw badParameter('Property attributes.exp must be later than attributes.nbf.');
}
