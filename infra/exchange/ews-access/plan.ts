/** From what is found to what is to do, and what that does to other applications. Pure. */
import { lists, malformed, united } from './allow-list.js';
import type {
  EwsAccessPlan,
  EwsAccessState,
  EwsAccessWish,
  FoundEwsAccess,
  UserAgentPolicy,
} from './model.js';

/** What `apply` will do, in words for a preview as well. An unset switch is left alone without the consent. */
export function planEwsAccess(found: FoundEwsAccess, wish: EwsAccessWish): EwsAccessPlan {
  const { enabled, list } = found.organization;
  const addId = !lists(list, wish.clientId);
  const turnOn = enabled === false || (enabled === null && wish.acknowledgeAllowList);
  const openMailboxes = found.mailboxes.filter((one) => one.enabled === false).map(({ address }) => address);
  return {
    addId,
    turnOn,
    openMailboxes,
    changes: [
      ...(addId
        ? [`add ${wish.clientId} to the allow list of EWS (${counted(list.length)} in it stay)`]
        : []),
      ...(turnOn
        ? [`turn EWS on for the applications in the allow list (it is ${switchWords(enabled)})`]
        : []),
      ...openMailboxes.map((address) => `turn EWS on for ${address} (it is off for this mailbox)`),
    ],
    warnings: [
      ...activation(found, wish, turnOn, addId),
      ...oddEntries(list),
      ...userAgentWarnings(found),
      ...(addId || turnOn ? [OTHER_WRITERS] : []),
    ],
  };
}

const OTHER_WRITERS =
  'Exchange takes the allow list as a whole: a program that is not calendar-interop and writes it in the same seconds may undo this change or lose its own';

/** Whom the change shuts out and lets in, as far as it can be known. */
function activation(
  { organization }: FoundEwsAccess,
  wish: EwsAccessWish,
  turnOn: boolean,
  addId: boolean,
): readonly string[] {
  const { enabled, list } = organization;
  const listed = united(list, [wish.clientId]);
  const others = listed.length - 1;
  const rest =
    others === 0
      ? 'no other application is in it'
      : `in it are also: ${list.filter((id) => !lists([wish.clientId], id)).join(', ')}`;
  if (enabled === null && turnOn) {
    return [
      `turning the switch on makes the allow list count for every application: whatever uses EWS in this organisation and is not in it loses access; ${rest}`,
    ];
  }
  if (enabled === null) {
    return [
      `the organisation's EWS switch is not set and stays so: look-ups work until Microsoft turns it off for tenants that left it unset; calendar-interop:ewsAccess.acknowledgeAllowList: true turns it on, and then whatever is not in the list loses access; ${rest}`,
    ];
  }
  if (enabled === false) {
    return [
      `EWS is off for the whole organisation: turning it on lets in every application of the list; ${rest}`,
    ];
  }
  if (list.length === 0 && addId) {
    return [
      'EWS is on with an empty allow list: should other applications still get in (UNCONFIRMED), they lose access with its first entry',
    ];
  }
  return [];
}

function oddEntries(list: readonly string[]): readonly string[] {
  const odd = malformed(list);
  return odd.length === 0
    ? []
    : [`the allow list holds entries that are no ids, which stay as they are: ${odd.join(', ')}`];
}

/** What Google's servers call themselves is UNCONFIRMED (`Apache-HttpClient` before 2018, support.google.com/a/answer/2593354). */
function userAgentWarnings({ organization, mailboxes }: FoundEwsAccess): readonly string[] {
  return [
    ...userAgentWarning('the organisation', organization.userAgents),
    ...mailboxes.flatMap(({ address, userAgents }) => userAgentWarning(address, userAgents)),
  ];
}

function userAgentWarning(where: string, { policy, allow, block }: UserAgentPolicy): readonly string[] {
  if (policy === 'EnforceAllowList') {
    return [
      `${where} lets in only these User-Agents (EwsAllowList): ${allow.join(', ') || 'none'}; Google's must be among them, and what it is is UNCONFIRMED`,
    ];
  }
  if (policy === 'EnforceBlockList' && block.length > 0) {
    return [
      `${where} shuts out these User-Agents (EwsBlockList): ${block.join(', ')}; Google's must not be among them`,
    ];
  }
  return [];
}

/** Whether look-ups get in as it is now. */
export function ewsAccessState(found: FoundEwsAccess, wish: EwsAccessWish): EwsAccessState {
  const { enabled, list } = found.organization;
  const listed = lists(list, wish.clientId);
  const unsetMatters = enabled === null && wish.acknowledgeAllowList;
  return {
    enabled,
    listed,
    others: list.length - (listed ? 1 : 0),
    violations: [
      ...(enabled === false || unsetMatters
        ? [`the organisation's EWS switch is ${switchWords(enabled)}`]
        : []),
      ...(listed ? [] : [`${wish.clientId} is not in the allow list of EWS`]),
      ...found.mailboxes
        .filter((mailbox) => mailbox.enabled === false)
        .map(({ address }) => `EWS is off for ${address}`),
    ],
  };
}

function switchWords(enabled: boolean | null): string {
  return enabled === null ? 'not set' : enabled ? 'on' : 'off';
}

function counted(count: number): string {
  return count === 1 ? 'the one entry' : `the ${count} entries`;
}
