/** /subscribedSkus, /users/{id}/assignLicense, /users/{id}/licenseDetails. */
import { licenceOf, PRODUCTS, type Product } from '../entra/licences.js';
import { isJsonObject, type JsonObject, objectsOf, textOf, textsOf } from '../json.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody } from './context.js';
import { badRequest } from './errors.js';
import { answerList, listCandidates } from './lists.js';
import { namedUser } from './references.js';
import { defaultProperties, viewUser } from './views.js';

const NO_FIELDS = { scalars: [], lists: [] };

function viewPlans(product: Product): readonly JsonObject[] {
  return product.plans.map(({ id, name }) => ({
    appliesTo: 'User',
    provisioningStatus: 'Success',
    servicePlanId: id,
    servicePlanName: name,
  }));
}

export function listSkus(context: GraphContext): GraphAnswer {
  const { tenant, licences } = context.directory;
  return answerList<Product>(context, {
    set: 'subscribedSkus',
    type: 'subscribedSku',
    fields: NO_FIELDS,
    candidates: listCandidates(PRODUCTS),
    view: (product) => ({
      id: `${tenant.id}_${product.skuId}`,
      accountId: tenant.id,
      accountName: tenant.displayName,
      appliesTo: 'User',
      capabilityStatus: 'Enabled',
      consumedUnits: licences.consumed(product),
      prepaidUnits: { enabled: licences.prepaid(product), lockedOut: 0, suspended: 0, warning: 0 },
      servicePlans: viewPlans(product),
      skuId: product.skuId,
      skuPartNumber: product.skuPartNumber,
    }),
  });
}

export function listLicenceDetails(context: GraphContext): GraphAnswer {
  const held = objectsOf(namedUser(context).properties.assignedLicenses).map(({ skuId }) => skuId);
  return answerList<Product>(context, {
    set: 'users/licenseDetails',
    type: 'licenseDetails',
    fields: NO_FIELDS,
    candidates: listCandidates(PRODUCTS.filter(({ skuId }) => held.includes(skuId))),
    view: (product) => ({
      id: Buffer.from(product.skuId).toString('base64url'),
      servicePlans: viewPlans(product),
      skuId: product.skuId,
      skuPartNumber: product.skuPartNumber,
    }),
  });
}

/** Texts as Microsoft Graph's users quote them (learn.microsoft.com/graph/api/user-assignlicense). */
export function assignLicence(context: GraphContext): GraphAnswer {
  const user = namedUser(context);
  const { addLicenses, removeLicenses, ...unknown } = jsonBody(context);
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw badRequest(`Invalid property '${stranger}'.`);
  if (!Array.isArray(addLicenses) || !Array.isArray(removeLicenses)) {
    throw badRequest('One or more parameters of the operation are missing: addLicenses and removeLicenses.');
  }
  const { licences, tenant } = context.directory;
  const held = objectsOf(user.properties.assignedLicenses).map(({ skuId }) => skuId);
  const add = addLicenses.map((licence: unknown) => readLicence(licence, tenant.id));
  const remove = textsOf(removeLicenses).map((id) => id.toLowerCase());
  if (remove.length !== removeLicenses.length)
    throw badRequest("Invalid value specified for property 'removeLicenses'.");
  if (remove.some((id) => !held.includes(id)))
    throw badRequest('User does not have a corresponding license.');
  if (add.length > 0 && textOf(user.properties.usageLocation) === undefined) {
    throw badRequest('License assignment cannot be done for user with invalid usage location.');
  }
  const full = add.find(({ product }) => !held.includes(product.skuId) && licences.left(product) === 0);
  if (full !== undefined) {
    throw badRequest(`Subscription with SKU ${full.product.skuId} does not have any available licenses.`);
  }
  const changed = licences.assign(
    user,
    add.map(({ product, disabledPlans }) => licenceOf(product.skuId, disabledPlans)),
    remove,
  );
  const view = defaultProperties(viewUser(changed), context.version);
  return { status: 200, body: entity(context, 'users/$entity', view) };
}

function readLicence(licence: unknown, tenantId: string) {
  const skuId = isJsonObject(licence) ? textOf(licence.skuId)?.toLowerCase() : undefined;
  if (!isJsonObject(licence) || skuId === undefined)
    throw badRequest("Invalid value specified for property 'addLicenses'.");
  const product = PRODUCTS.find((candidate) => candidate.skuId === skuId);
  if (product === undefined)
    throw badRequest(`License with ID ${skuId} does not exist in company ${tenantId}.`);
  const disabledPlans = textsOf(licence.disabledPlans);
  if (disabledPlans.some((plan) => !product.plans.some(({ id }) => id === plan))) {
    throw badRequest(`License ${skuId} does not have one of the service plans ${disabledPlans.join(', ')}.`);
  }
  return { product, disabledPlans };
}
