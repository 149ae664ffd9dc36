/**
 * Products and who has a licence of them. Ids are Microsoft's (product names and service plan identifiers for licensing,
 * MicrosoftDocs/entra-docs docs/identity/users/licensing-service-plan-reference.md).
 */
import { type Json, type JsonObject, objectsOf, textOf, textsOf } from '../json.js';
import type { Directory } from './directory.js';
import type { User } from './model.js';

export interface ServicePlan {
  readonly id: string;
  readonly name: string;
}

export interface Product {
  readonly skuId: string;
  readonly skuPartNumber: string;
  readonly plans: readonly ServicePlan[];
}

/** Plans that make a mailbox. */
export const EXCHANGE_PLANS: readonly ServicePlan[] = [
  { id: '9aaf7827-d63c-4b61-89c3-182f06f82e5c', name: 'EXCHANGE_S_STANDARD' },
  { id: 'efb87545-963c-4e0d-99df-69c6916d9eb0', name: 'EXCHANGE_S_ENTERPRISE' },
  { id: '4a82b400-a79f-41a4-b4e2-e94f5787b113', name: 'EXCHANGE_S_DESKLESS' },
];
const [PLAN_1, PLAN_2, KIOSK] = EXCHANGE_PLANS;

export const PRODUCTS: readonly Product[] = [
  { skuId: '4b9405b0-7788-4568-add1-99614e613b69', skuPartNumber: 'EXCHANGESTANDARD', plans: plans(PLAN_1) },
  { skuId: '6fd2c87f-b296-42f0-b197-1e91e994b900', skuPartNumber: 'ENTERPRISEPACK', plans: plans(PLAN_2) },
  { skuId: '80b2d799-d2ba-4d2a-8842-fb0d0f3a4b82', skuPartNumber: 'EXCHANGEDESKLESS', plans: plans(KIOSK) },
  {
    skuId: 'f30db892-07e9-47e9-837c-80727f46fd3d',
    skuPartNumber: 'FLOW_FREE',
    plans: [{ id: '50e68c76-46c6-4674-81f9-75456511b170', name: 'FLOW_P2_VIRAL' }],
  },
];
/** What seeded users have. */
export const SEEDED_PRODUCT = PRODUCTS[1] as Product;

const FREE_LICENCES = 25;

function plans(plan: ServicePlan | undefined): readonly ServicePlan[] {
  return plan === undefined ? [] : [plan];
}

/** One licence as Graph shows it. */
export function licenceOf(skuId: string, disabledPlans: readonly string[] = []): JsonObject {
  return { disabledPlans, skuId };
}

export class Licences {
  readonly #directory: Directory;
  #free: () => number | undefined = () => undefined;
  /** When licences were last given to a user, in milliseconds. */
  readonly #since = new Map<string, number>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** `free` gives how many licences of each product nobody has at the start; 25 where it does not say. */
  limitBy(free: () => number | undefined): void {
    this.#free = free;
  }

  /** Since when a user has a licence that makes a mailbox, in milliseconds; undefined without one. */
  exchangeSince(user: User): number | undefined {
    return this.exchangePlansOf(user).length > 0 ? (this.#since.get(user.id) ?? user.createdAt) : undefined;
  }

  /** The service plans for Exchange that a user's licences hold. */
  exchangePlansOf(user: User): readonly ServicePlan[] {
    return objectsOf(user.properties.assignedLicenses).flatMap((licence) => {
      const product = PRODUCTS.find(({ skuId }) => skuId === licence.skuId);
      const disabled = textsOf(licence.disabledPlans);
      return (product?.plans ?? []).filter(({ id }) => isExchangePlan(id) && !disabled.includes(id));
    });
  }

  /** Licences that are left of a product. */
  left(product: Product): number {
    return Math.max(0, this.prepaid(product) - this.consumed(product));
  }

  /** Licences of a product that the tenant has bought. */
  prepaid(product: Product): number {
    return this.#seededWith(product) + (this.#free() ?? FREE_LICENCES);
  }

  /** Licences of a product that users have. */
  consumed(product: Product): number {
    const has = (user: User | undefined) =>
      objectsOf(user?.properties.assignedLicenses).some(({ skuId }) => skuId === product.skuId);
    let count = this.#seededWith(product);
    for (const id of this.#since.keys()) {
      const isSeeded = this.#directory.users.isSeededLicensed(id) && product === SEEDED_PRODUCT;
      count += Number(has(this.#directory.users.get(id))) - Number(isSeeded);
    }
    return count;
  }

  #seededWith(product: Product): number {
    return product === SEEDED_PRODUCT ? this.#directory.users.seededLicences : 0;
  }

  /** Gives and takes licences; the caller has checked them. */
  assign(user: User, add: readonly JsonObject[], remove: readonly string[]): User {
    const kept = objectsOf(user.properties.assignedLicenses).filter(
      ({ skuId }) => !remove.includes(textOf(skuId) ?? '') && !add.some((licence) => licence.skuId === skuId),
    );
    const before = this.exchangeSince(user);
    const assignedLicenses: Json = [...kept, ...add];
    const licensed = { ...user, properties: { ...user.properties, assignedLicenses } };
    this.#since.set(user.id, before ?? this.#directory.now());
    this.#directory.users.put(licensed);
    return licensed;
  }
}

function isExchangePlan(id: string): boolean {
  return EXCHANGE_PLANS.some((plan) => plan.id === id);
}
