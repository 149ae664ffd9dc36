/** Distribution groups. */
import { IDENTITY, SIZE, SWITCH, TEXT } from '../binding.js';
import { type Cmdlet, type CmdletRun, MAY_READ, MAY_WRITE_RECIPIENTS, NO_ROWS, placed } from '../cmdlet.js';
import { alreadyExists, badArgument } from '../cmdlet-error.js';
import type { DistributionGroup, Recipient } from '../groups.js';
import type { Row } from '../model.js';
import { distinguishedName } from '../names.js';
import { mailboxNamed } from './find.js';

function groupRow(group: DistributionGroup): Row {
  return {
    Name: group.name,
    Identity: group.name,
    DisplayName: group.displayName,
    Alias: group.alias,
    DistinguishedName: distinguishedName(group.name),
    ExternalDirectoryObjectId: group.objectId,
    Guid: group.guid,
    'Guid@data.type': 'System.Guid',
    PrimarySmtpAddress: group.primarySmtpAddress,
    RecipientType: group.type,
    RecipientTypeDetails: group.type,
  };
}

function memberRow(member: Recipient): Row {
  switch (member.kind) {
    case 'mailbox': {
      const { user, guid, name, primarySmtpAddress, properties } = member.mailbox;
      return {
        Name: name,
        Identity: name,
        DisplayName: user.properties.displayName ?? null,
        ExternalDirectoryObjectId: user.id,
        Guid: guid,
        'Guid@data.type': 'System.Guid',
        PrimarySmtpAddress: primarySmtpAddress,
        RecipientType: 'UserMailbox',
        RecipientTypeDetails: properties.kind,
      };
    }
    case 'group':
      return groupRow(member.group);
    case 'contact':
      return plainRow(member.name, member.guid, member.smtp, 'MailContact');
    case 'user':
      return plainRow(member.name, member.guid, '', 'User');
  }
}

function plainRow(name: string, guid: string, smtp: string, type: string): Row {
  return {
    Name: name,
    Identity: name,
    DisplayName: name,
    ExternalDirectoryObjectId: type === 'User' ? guid : '',
    Guid: guid,
    'Guid@data.type': 'System.Guid',
    PrimarySmtpAddress: smtp,
    RecipientType: type,
    RecipientTypeDetails: type,
  };
}

const getGroup: Cmdlet = {
  parameters: { Identity: IDENTITY, ResultSize: SIZE },
  roles: MAY_READ,
  run: (run) => {
    const identity = run.parameters.text('Identity');
    const { groups } = run.exchange;
    const found = identity === undefined ? [...groups.all()] : [groups.named(identity)];
    return placed(found.map(groupRow), run.after);
  },
};

const getMembers: Cmdlet = {
  parameters: { Identity: IDENTITY, ResultSize: SIZE },
  mandatory: ['Identity'],
  roles: MAY_READ,
  run: (run) => {
    const { groups } = run.exchange;
    const members = groups.members(groups.named(run.parameters.required('Identity')));
    return placed(members.map(memberRow), run.after);
  },
};

function setMember(run: CmdletRun, isMember: boolean) {
  const { groups } = run.exchange;
  const group = groups.named(run.parameters.required('Identity'));
  const member = run.parameters.required('Member');
  if (!groups.setMember(group, mailboxNamed(run, member), isMember)) {
    throw isMember
      ? alreadyExists(member)
      : badArgument(`The recipient "${member}" isn't a member of the group "${group.name}".`);
  }
  return NO_ROWS;
}

const MEMBER_PARAMETERS = { BypassSecurityGroupManagerCheck: SWITCH, Identity: TEXT, Member: TEXT };

export const GROUP_CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'Add-DistributionGroupMember': {
    parameters: MEMBER_PARAMETERS,
    mandatory: ['Identity', 'Member'],
    roles: MAY_WRITE_RECIPIENTS,
    run: (run) => setMember(run, true),
  },
  'Get-DistributionGroup': getGroup,
  'Get-DistributionGroupMember': getMembers,
  'Remove-DistributionGroupMember': {
    parameters: MEMBER_PARAMETERS,
    mandatory: ['Identity', 'Member'],
    roles: MAY_WRITE_RECIPIENTS,
    asks: true,
    run: (run) => setMember(run, false),
  },
};
