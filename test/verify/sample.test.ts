/** Who has left since the last sweep is told from an endpoint that knows nobody. */
import { finding } from '../../infra/verify/finding.js';
import type { AttendeeReport, EndpointReport } from '../../infra/verify/index.js';
import { leaveOutThoseGone } from '../../infra/verify/sample.js';

const ADDRESSES = ['anna@contoso.com', 'ben@contoso.com', 'carla@contoso.com'] as const;

function attendee(address: string, known: boolean): AttendeeReport {
  const unknown = finding('CI-ATTENDEE-UNKNOWN', address, 'ErrorMailRecipientNotFound: no such address');
  return {
    address,
    reached: known,
    detail: known ? 'details' : 'nothing',
    events: 0,
    findings: known ? [] : [unknown],
    google: 'notChecked',
  };
}

function reportOf(known: (address: string) => boolean): EndpointReport {
  const attendees = ADDRESSES.map((address) => attendee(address, known(address)));
  const findings = attendees.flatMap((one) => one.findings);
  return {
    endpoint: 'online',
    kind: 'ews',
    works: findings.length === 0,
    steps: [],
    findings,
    attendees,
    requests: 1,
    seconds: 0,
  };
}

it('leaves one out whom nobody knows any more, and the endpoint works', () => {
  const { report, gone } = leaveOutThoseGone(reportOf((address) => address !== 'ben@contoso.com'));
  expect(gone).toEqual(['ben@contoso.com']);
  expect(report.attendees.map(({ address }) => address)).toEqual(['anna@contoso.com', 'carla@contoso.com']);
  expect(report).toMatchObject({ works: true, findings: [] });
});

it('an endpoint that knows nobody has a fault', () => {
  const whole = reportOf(() => false);
  expect(leaveOutThoseGone(whole)).toEqual({ report: whole, gone: [] });
});

it('other faults stay', () => {
  const whole = reportOf((address) => address !== 'ben@contoso.com');
  const fault = finding('CI-CONSENT-MISSING', 'online', 'the token holds no role');
  const { report } = leaveOutThoseGone({ ...whole, findings: [fault, ...whole.findings] });
  expect(report).toMatchObject({ works: false, findings: [{ code: 'CI-CONSENT-MISSING' }] });
});
