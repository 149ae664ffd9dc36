import fc from 'fast-check';
import { CMDLETS } from '../../infra/exchange/transport/cmdlets.js';
import { decide, rightsText, WANTED_LEVELS } from '../../infra/exchange/visibility/levels.js';

describe('what is raised', () => {
  it.each([
    ['None', 'LimitedDetails', 'raise'],
    ['AvailabilityOnly', 'LimitedDetails', 'raise'],
    ['LimitedDetails', 'LimitedDetails', 'enough'],
    ['None', 'AvailabilityOnly', 'raise'],
    ['AvailabilityOnly', 'AvailabilityOnly', 'enough'],
    ['LimitedDetails', 'AvailabilityOnly', 'enough'],
    ['Reviewer', 'LimitedDetails', 'enough'],
    ['NonEditingAuthor', 'LimitedDetails', 'enough'],
    ['Author', 'LimitedDetails', 'enough'],
    ['PublishingAuthor', 'LimitedDetails', 'enough'],
    ['Editor', 'LimitedDetails', 'enough'],
    ['PublishingEditor', 'LimitedDetails', 'enough'],
    ['Owner', 'LimitedDetails', 'enough'],
    ['Contributor', 'LimitedDetails', 'incomparable'],
    ['FolderVisible', 'LimitedDetails', 'incomparable'],
    ['ReadItems', 'LimitedDetails', 'incomparable'],
    ['SomethingNew', 'LimitedDetails', 'incomparable'],
  ] as const)('%s with %s wanted: %s', (right, wanted, kind) => {
    expect(decide([right], wanted).kind).toBe(kind);
  });

  it('compares no list of several rights, and no empty one', () => {
    expect(decide(['None', 'FolderVisible'], 'LimitedDetails').kind).toBe('incomparable');
    expect(decide(['AvailabilityOnly', 'AvailabilityOnly'], 'LimitedDetails').kind).toBe('incomparable');
    expect(decide([], 'LimitedDetails').kind).toBe('incomparable');
  });

  it('says what was there and what it becomes, in words that the cmdlet takes', () => {
    expect(decide(['None'], 'LimitedDetails')).toEqual({ kind: 'raise', from: 'None', to: 'LimitedDetails' });
    const set = CMDLETS['Set-MailboxFolderPermission'].parameters;
    for (const level of WANTED_LEVELS)
      expect(set.safeParse({ Identity: 'x:y', User: 'Default', AccessRights: [level] }).success).toBe(true);
  });

  it('raises nothing but None and AvailabilityOnly, whatever the rights are', () => {
    const right = fc.oneof(
      fc.string(),
      fc.constantFrom('None', 'AvailabilityOnly', 'Editor', 'Contributor', 'none', ' None', 'constructor'),
    );
    fc.assert(
      fc.property(fc.array(right, { maxLength: 3 }), fc.constantFrom(...WANTED_LEVELS), (rights, wanted) => {
        const decision = decide(rights, wanted);
        if (decision.kind === 'raise') {
          expect(rights).toEqual([decision.from]);
          expect(['None', 'AvailabilityOnly']).toContain(decision.from);
          expect(decision.to).toBe(wanted);
        }
      }),
    );
  });
});

it('names rights by one word in any order', () => {
  expect(rightsText(['FolderVisible', 'CreateItems'])).toBe('CreateItems+FolderVisible');
  expect(rightsText([])).toBe('(none listed)');
});
