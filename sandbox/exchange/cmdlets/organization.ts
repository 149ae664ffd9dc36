/** Get-, Set-OrganizationConfig and Get-AcceptedDomain. */
import { IDENTITY, MULTI, NULLABLE_FLAG, NULLABLE_TEXT, oneOf, SIZE, SWITCH } from '../binding.js';
import {
  type Cmdlet,
  type CmdletRun,
  MAY_READ,
  MAY_READ_ORGANIZATION,
  MAY_WRITE_ORGANIZATION,
  NO_ROWS,
  type PlacedRow,
  placed,
  warnUnchanged,
} from '../cmdlet.js';
import { badArgument, notFound } from '../cmdlet-error.js';
import type { Row } from '../model.js';
import { INITIAL_DOMAIN } from '../names.js';
import type { OrganizationConfig } from '../organization.js';

const GUID_LIST =
  /^\s*[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\s*(?:,\s*[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\s*)*$/i;

/** The list of applications is shown with the switch only, and then as one element with commas in it. */
function configRow(config: OrganizationConfig, withList: boolean): Row {
  const ids = withList ? config.EwsAllowedAppIDs : null;
  return {
    Name: INITIAL_DOMAIN,
    Identity: INITIAL_DOMAIN,
    DisplayName: 'Contoso',
    EwsAllowedAppIDs: ids === null ? null : [ids],
    EwsAllowList: config.EwsAllowList,
    EwsAllowOutlook: config.EwsAllowOutlook,
    EwsApplicationAccessPolicy: config.EwsApplicationAccessPolicy,
    EwsBlockList: config.EwsBlockList,
    EwsEnabled: config.EwsEnabled,
    MailTipsAllTipsEnabled: true,
    MailTipsLargeAudienceThreshold: 25,
  };
}

const getOrganizationConfig: Cmdlet = {
  parameters: { RetrieveEwsOperationAccessPolicy: SWITCH },
  roles: MAY_READ_ORGANIZATION,
  run: (run) => {
    const withList = run.parameters.flag('RetrieveEwsOperationAccessPolicy') === true;
    return placed([configRow(run.exchange.organization.seen, withList)], run.after);
  },
};

const setOrganizationConfig: Cmdlet = {
  parameters: {
    EwsAllowedAppIDs: NULLABLE_TEXT,
    EwsAllowList: MULTI,
    EwsAllowOutlook: NULLABLE_FLAG,
    EwsApplicationAccessPolicy: oneOf('EnforceAllowList', 'EnforceBlockList'),
    EwsBlockList: MULTI,
    EwsEnabled: NULLABLE_FLAG,
  },
  roles: MAY_WRITE_ORGANIZATION,
  run: setConfig,
};

function setConfig(run: CmdletRun): readonly PlacedRow[] {
  const { parameters, exchange } = run;
  const before = exchange.organization.config;
  const ids = parameters.text('EwsAllowedAppIDs');
  if (ids !== undefined && !GUID_LIST.test(ids)) {
    throw badArgument('The value of EwsAllowedAppIDs must be application ids that are separated by commas.');
  }
  const after: OrganizationConfig = {
    EwsAllowedAppIDs: parameters.has('EwsAllowedAppIDs') ? (ids ?? null) : before.EwsAllowedAppIDs,
    EwsAllowList: parameters.changed('EwsAllowList', before.EwsAllowList),
    EwsAllowOutlook: flagAfter(run, 'EwsAllowOutlook', before.EwsAllowOutlook),
    EwsApplicationAccessPolicy:
      parameters.text('EwsApplicationAccessPolicy') ?? before.EwsApplicationAccessPolicy,
    EwsBlockList: parameters.changed('EwsBlockList', before.EwsBlockList),
    EwsEnabled: flagAfter(run, 'EwsEnabled', before.EwsEnabled),
  };
  if (JSON.stringify({ ...before, ...after }) === JSON.stringify(before)) warnUnchanged(run, INITIAL_DOMAIN);
  else exchange.organization.set(after);
  return NO_ROWS;
}

function flagAfter({ parameters }: CmdletRun, name: string, before: boolean | null): boolean | null {
  return parameters.has(name) ? (parameters.flag(name) ?? null) : before;
}

const getAcceptedDomain: Cmdlet = {
  parameters: { Identity: IDENTITY, ResultSize: SIZE },
  roles: MAY_READ,
  run: (run) => {
    const identity = run.parameters.text('Identity')?.toLowerCase();
    const rows = run.exchange.directory.tenant.domains
      .filter(({ isVerified, id }) => isVerified && (identity === undefined || id === identity))
      .map(
        ({ id, isDefault, isInitial }): Row => ({
          Identity: id,
          Name: id,
          DomainName: id,
          DomainType: 'Authoritative',
          Default: isDefault,
          InitialDomain: isInitial,
        }),
      );
    if (identity !== undefined && rows.length === 0) throw notFound(identity);
    return placed(rows, run.after);
  },
};

export const ORGANIZATION_CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'Get-AcceptedDomain': getAcceptedDomain,
  'Get-OrganizationConfig': getOrganizationConfig,
  'Set-OrganizationConfig': setOrganizationConfig,
};
