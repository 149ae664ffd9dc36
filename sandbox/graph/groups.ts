/** /groups. */
import { emptyGroup } from '../entra/application-properties.js';
import type { Group } from '../entra/model.js';
import { all } from '../entra/table.js';
import { type JsonObject, textOf, textsOf } from '../json.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT, param } from './context.js';
import { badRequest, notFound } from './errors.js';
import { answerEntity, answerList, answerMixedList, tableCandidates } from './lists.js';
import { namedGroup, referencedObject, referencedOwner } from './references.js';
import { type EntitySchema, flag, list, mergeProperties, readEntity, text } from './schema.js';
import { viewGroup } from './views.js';

export const GROUP_SCHEMA: EntitySchema = {
  type: 'group',
  requiredAtCreate: ['displayName', 'mailEnabled', 'mailNickname', 'securityEnabled'],
  onlyAtCreate: ['isAssignableToRole', 'resourceBehaviorOptions', 'resourceProvisioningOptions'],
  readOnly: ['id', 'createdDateTime', 'deletedDateTime', 'mail', 'proxyAddresses'],
  bindings: ['owners', 'members'],
  properties: {
    allowExternalSenders: flag(),
    autoSubscribeNewMembers: flag(),
    classification: text(),
    description: text({ max: 1024 }),
    displayName: text({ nullable: false, min: 1, max: 256 }),
    groupTypes: list(text({ nullable: false, oneOf: ['Unified', 'DynamicMembership'] })),
    hideFromAddressLists: flag(),
    hideFromOutlookClients: flag(),
    isAssignableToRole: flag(),
    mailEnabled: flag({ nullable: false }),
    mailNickname: text({ nullable: false, min: 1, max: 64, pattern: /^[^@()\\[\]";:<>, ]+$/ }),
    membershipRule: text(),
    membershipRuleProcessingState: text({ oneOf: ['On', 'Paused'] }),
    resourceBehaviorOptions: list(text({ nullable: false })),
    resourceProvisioningOptions: list(text({ nullable: false })),
    securityEnabled: flag({ nullable: false }),
    theme: text(),
    visibility: text({ oneOf: ['Private', 'Public', 'HiddenMembership'] }),
  },
};

export function listGroups(context: GraphContext): GraphAnswer {
  const { directory } = context;
  return answerList(context, {
    set: 'groups',
    type: 'group',
    fields: {
      scalars: ['displayName', 'id', 'mail', 'mailEnabled', 'mailNickname', 'securityEnabled'],
      lists: ['groupTypes', 'proxyAddresses'],
    },
    candidates: tableCandidates(directory.groups, (group) => directory.sees(group)),
    view: viewGroup,
  });
}

export function getGroup(context: GraphContext): GraphAnswer {
  return answerEntity(context, 'groups', 'group', viewGroup(namedGroup(context)));
}

export function createGroup(context: GraphContext): GraphAnswer {
  const { directory } = context;
  const { values, bindings } = readEntity(GROUP_SCHEMA, jsonBody(context), 'create');
  const properties = mergeProperties(emptyGroup(), values);
  checkKind(properties);
  const group: Group = {
    ...directory.stamp(),
    kind: 'group',
    id: directory.random.nextUuid('group'),
    owners: [...new Set((bindings.owners ?? []).map((url) => referencedOwner(context, url)))],
    members: [...new Set((bindings.members ?? []).map((url) => referencedObject(context, url).id))],
    properties: withMail(context, properties),
  };
  directory.put(group);
  return {
    status: 201,
    body: entity(context, 'groups/$entity', viewGroup(group)),
    location: `/groups/${group.id}`,
  };
}

/** Graph makes security groups and Microsoft 365 groups; distribution lists are Exchange's. */
function checkKind(properties: JsonObject): void {
  const isUnified = textsOf(properties.groupTypes).includes('Unified');
  if (properties.mailEnabled === isUnified && (isUnified || properties.securityEnabled === true)) return;
  throw badRequest(
    'The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.',
  );
}

function withMail({ directory }: GraphContext, properties: JsonObject): JsonObject {
  if (properties.mailEnabled !== true) return properties;
  const domain = directory.tenant.domains.find((candidate) => candidate.isDefault)?.id ?? '';
  const mail = `${textOf(properties.mailNickname)}@${domain}`;
  return { ...properties, mail, proxyAddresses: [`SMTP:${mail}`] };
}

export function updateGroup(context: GraphContext): GraphAnswer {
  const group = namedGroup(context);
  const { values } = readEntity(GROUP_SCHEMA, jsonBody(context), 'update');
  const properties = mergeProperties(group.properties, values);
  checkKind(properties);
  context.directory.put({ ...group, properties });
  return NO_CONTENT;
}

export function deleteGroup(context: GraphContext): GraphAnswer {
  context.directory.softDelete(namedGroup(context));
  return NO_CONTENT;
}

export function listGroupOwners(context: GraphContext): GraphAnswer {
  return answerMixedList(context, namedGroup(context).owners);
}

export function listGroupMembers(context: GraphContext): GraphAnswer {
  return answerMixedList(context, namedGroup(context).members);
}

export function listMemberOf(context: GraphContext): GraphAnswer {
  const { id } = namedGroup(context);
  const groups = [...all(context.directory.groups)].filter((group) => group.members.includes(id));
  return answerMixedList(
    context,
    groups.map((group) => group.id),
  );
}

type Relation = 'owners' | 'members';

function add(relation: Relation): (context: GraphContext) => GraphAnswer {
  return (context) => {
    const group = namedGroup(context);
    const url = jsonBody(context)['@odata.id'];
    const id = relation === 'owners' ? referencedOwner(context, url) : referencedObject(context, url).id;
    if (group[relation].includes(id)) {
      throw badRequest(
        `One or more added object references already exist for the following modified properties: '${relation}'.`,
      );
    }
    context.directory.put({ ...group, [relation]: [...group[relation], id] });
    return NO_CONTENT;
  };
}

function remove(relation: Relation): (context: GraphContext) => GraphAnswer {
  return (context) => {
    const group = namedGroup(context);
    const id = param(context, 'memberId').toLowerCase();
    if (!group[relation].includes(id)) throw notFound(id);
    const left = group[relation].filter((other) => other !== id);
    if (relation === 'owners' && left.length === 0) {
      throw badRequest('The group must have at least one owner, hence this owner cannot be removed.');
    }
    context.directory.put({ ...group, [relation]: left });
    return NO_CONTENT;
  };
}

export const addGroupOwner = add('owners');
export const removeGroupOwner = remove('owners');
export const addGroupMember = add('members');
export const removeGroupMember = remove('members');
