/**
 * Users in any number. The seeded ones are not kept: each is made from the seed and its number when it is asked for, and only
 * what was created, changed or deleted since is stored.
 *
 * A seeded user's number can be read off its object id (the first 32 bits are the number, permuted) and off its user principal
 * name, so that finding one among a hundred thousand goes through none of the others.
 */
import type { SeededRandom } from '../random.js';
import { uuidFrom } from '../random.js';
import { licenceOf, SEEDED_PRODUCT } from './licences.js';
import type { User } from './model.js';
import { MapTable, type Place, type Table } from './table.js';
import { emptyUser } from './user-properties.js';

/** Given name, surname, and the two in ASCII for the address. */
type PersonName = readonly [given: string, surname: string, ascii: string];

/** Names that have broken software before: quotes, marks, scripts from right to left, characters outside the first plane. */
const NAMES: readonly PersonName[] = [
  ['Adele', 'Vance', 'adele.vance'],
  ['Siobhán', "O'Brien", "siobhan.o'brien"],
  ['Jürgen', 'Müller-Lüdenscheidt', 'juergen.mueller'],
  ['Zoë', 'Ångström 🎉', 'zoe.angstrom'],
  ['小龍', '李', 'li.xiaolong'],
  ['さくら', '佐藤', 'sato.sakura'],
  ['민준', '김', 'kim.minjun'],
  ['محمد', 'الفارسي', 'mohammed.alfarsi'],
  ['נועה', 'כהן', 'noa.cohen'],
  ['Иван', 'Смирнов', 'ivan.smirnov'],
  ['Þórður', 'Guðmundsson', 'thordur.gudmundsson'],
  ['Nguyễn', 'Thị Hương', 'nguyen.huong'],
  ['Łukasz', 'Wiśniewski', 'lukasz.wisniewski'],
  ['Αλέξανδρος', 'Παπαδόπουλος', 'alexandros.papadopoulos'],
  ['Anna "Ännchen"', 'von Tharau', 'anna.vontharau'],
  ['José <Pepe>', 'Núñez & Söhne', 'jose.nunez'],
  ['İpek', 'Şahin', 'ipek.sahin'],
  ['ศิริพร', 'วงศ์สวัสดิ์', 'siriporn.wongsawat'],
  ['Renée; DROP', "D'Arcy--", "renee.d'arcy"],
  ['X Æ', 'A-12 %20+', 'x.a12'],
  ['$(Get-Date)', '`n & ; |', 'get.date'],
  ['\u202eNathan\u202c', '\u200fשמעון\\', 'nathan.shimon'],
];

/** Department and preferred language go round; neither number divides the other, so that all pairs occur. */
const DEPARTMENTS = [
  'Sales',
  'Engineering',
  'Human Resources',
  'Finance',
  'Vorstand',
  'R&D',
  "Chief's Office",
];
const LANGUAGES = ['en-US', 'de-DE', 'fr-FR', 'ja-JP', 'pt-BR', 'ar-SA', 'tr-TR', 'el-GR'];
const COUNTRIES = ['US', 'DE', 'FR', 'JP', 'BR', 'SA', 'TR', 'GR'];

/** Of so many users, those have no licence: shared mailboxes, rooms and equipment need none. */
const UNLICENSED_CYCLE = 50;
const UNLICENSED: readonly number[] = [9, 24, 37, 49];
const SEEDED_LICENCE = licenceOf(SEEDED_PRODUCT.skuId);

function isLicensed(number: number): boolean {
  return !UNLICENSED.includes(number % UNLICENSED_CYCLE);
}

export interface SeededUsersOptions {
  readonly random: SeededRandom;
  readonly count: number;
  /** The domain of the addresses. */
  readonly domain: string;
  /** When the seeded users were created, in milliseconds. */
  readonly createdAt: number;
}

export class UserTable implements Table<User> {
  readonly #options: SeededUsersOptions;
  readonly #roundKeys: readonly number[];
  /** Created or changed since the start. Seeded users keep the place that their number gives them. */
  readonly #changed = new Map<string, User>();
  readonly #gone = new Set<string>();
  readonly #created: MapTable<User>;

  constructor(options: SeededUsersOptions) {
    this.#options = options;
    this.#created = new MapTable(options.count);
    const key = options.random.bytes('user ids');
    this.#roundKeys = [0, 4, 8, 12].map((offset) => key.readUInt32BE(offset));
  }

  get size(): number {
    return this.#options.count - this.#gone.size + this.#created.size;
  }

  get(id: string): User | undefined {
    return this.#changed.get(id) ?? this.#created.get(id) ?? this.#seededById(id);
  }

  put(user: User): void {
    const number = this.numberOf(user.id);
    if (number === undefined) {
      this.#created.put(user);
      return;
    }
    this.#gone.delete(user.id);
    this.#changed.set(user.id, user);
  }

  delete(id: string): void {
    this.#created.delete(id);
    if (this.numberOf(id) === undefined) return;
    this.#changed.delete(id);
    this.#gone.add(id);
  }

  *after(place: Place): Iterable<readonly [Place, User]> {
    for (let number = place; number < this.#options.count; number += 1) {
      const seeded = this.#seeded(number);
      if (!this.#gone.has(seeded.id)) yield [number + 1, this.#changed.get(seeded.id) ?? seeded];
    }
    yield* this.#created.after(place);
  }

  lookUp(property: string, value: string): readonly User[] | undefined {
    if (property === 'id') {
      const found = this.get(value);
      return found === undefined ? [] : [found];
    }
    if (property !== 'userPrincipalName' && property !== 'mail' && property !== 'mailNickname')
      return undefined;
    return this.#lookUpByAddress(property, value.toLowerCase());
  }

  #lookUpByAddress(property: string, value: string): readonly User[] {
    const matches = (user: User) => String(user.properties[property] ?? '').toLowerCase() === value;
    const found = [...this.#changed.values()].filter(matches);
    for (const [, user] of this.#created.after(0)) if (matches(user)) found.push(user);
    const number = Number(/\.(\d{1,9})(?:@|$)/.exec(value)?.[1]) - 1;
    if (Number.isInteger(number) && number >= 0 && number < this.#options.count) {
      const seeded = this.#seeded(number);
      if (!this.#gone.has(seeded.id) && !this.#changed.has(seeded.id) && matches(seeded)) found.push(seeded);
    }
    return found;
  }

  #seededById(id: string): User | undefined {
    if (this.#gone.has(id)) return undefined;
    const number = this.numberOf(id);
    return number === undefined ? undefined : this.#seeded(number);
  }

  /** The number of a seeded user's id, from 0; undefined for every other id. */
  numberOf(id: string): number | undefined {
    if (!/^[0-9a-f]{8}-/.test(id)) return undefined;
    const number = this.#unpermute(Number.parseInt(id.slice(0, 8), 16));
    return number < this.#options.count && this.#idOfNumber(number) === id ? number : undefined;
  }

  /** The id of the seeded user with this number, deleted or not; undefined beyond the last one. */
  idOfNumber(number: number): string | undefined {
    return number >= 0 && number < this.#options.count ? this.#idOfNumber(number) : undefined;
  }

  /** Whether a seeded user has a licence from the start. */
  isSeededLicensed(id: string): boolean {
    const number = this.numberOf(id);
    return number !== undefined && isLicensed(number);
  }

  /** How many seeded users have a licence from the start. */
  get seededLicences(): number {
    const { count } = this.#options;
    const rest = Array.from({ length: count % UNLICENSED_CYCLE }, (_, number) => number).filter(
      isLicensed,
    ).length;
    return Math.floor(count / UNLICENSED_CYCLE) * (UNLICENSED_CYCLE - UNLICENSED.length) + rest;
  }

  #idOfNumber(number: number): string {
    const bytes = this.#options.random.bytes(`user ${number}`);
    bytes.writeUInt32BE(this.#permute(number), 0);
    return uuidFrom(bytes);
  }

  #seeded(number: number): User {
    const { random, domain, createdAt } = this.#options;
    const [given, surname, ascii] = NAMES[random.integer(`name ${number}`, NAMES.length)] ?? ['', '', 'user'];
    const local = `${ascii}.${number + 1}`;
    const upn = `${local}@${domain}`;
    return {
      kind: 'user',
      id: this.#idOfNumber(number),
      createdAt,
      visibleAt: createdAt,
      manager: null,
      properties: {
        ...emptyUser(),
        accountEnabled: number % 50 !== 49,
        assignedLicenses: isLicensed(number) ? [SEEDED_LICENCE] : [],
        city: null,
        department: DEPARTMENTS[number % DEPARTMENTS.length] ?? null,
        displayName: `${given} ${surname}`,
        givenName: given,
        mail: upn,
        mailNickname: local,
        preferredLanguage: LANGUAGES[number % LANGUAGES.length] ?? null,
        proxyAddresses: [`SMTP:${upn}`],
        surname,
        usageLocation: COUNTRIES[number % COUNTRIES.length] ?? null,
        userPrincipalName: upn,
      },
    };
  }

  /** A keyed permutation of the 32-bit numbers (a Feistel network): ids look random and tell their number. */
  #permute(number: number): number {
    let left = number >>> 16;
    let right = number & 0xffff;
    for (const key of this.#roundKeys) [left, right] = [right, left ^ mix(right, key)];
    return ((left << 16) | right) >>> 0;
  }

  #unpermute(number: number): number {
    let left = number >>> 16;
    let right = number & 0xffff;
    for (const key of [...this.#roundKeys].reverse()) [left, right] = [right ^ mix(left, key), left];
    return ((left << 16) | right) >>> 0;
  }
}

/** 16 bits that depend on half a number and a key. */
function mix(half: number, key: number): number {
  let value = Math.imul(half ^ key, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) & 0xffff;
}
