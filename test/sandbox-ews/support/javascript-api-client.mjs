/** Run by a test: a look-up with ews-javascript-api, its outcome as one line of JSON. */
import ews from 'ews-javascript-api';

const { url, token, as, attendees } = JSON.parse(process.argv[2]);
const service = new ews.ExchangeService(ews.ExchangeVersion.Exchange2016);
service.Url = new ews.Uri(url);
service.Credentials = new ews.OAuthCredentials(token);
service.ImpersonatedUserId = new ews.ImpersonatedUserId(ews.ConnectingIdType.SmtpAddress, as);
const window = new ews.TimeWindow(
  new ews.DateTime('2026-11-30T00:00:00Z'),
  new ews.DateTime('2026-12-07T00:00:00Z'),
);
const results = await service.GetUserAvailability(
  attendees.map((address) => new ews.AttendeeInfo(address)),
  window,
  ews.AvailabilityData.FreeBusy,
  new ews.AvailabilityOptions(),
);
const answers = results.AttendeesAvailability.Responses.map((one) => ({
  result: ews.ServiceResult[one.Result],
  code: ews.ServiceError[one.ErrorCode],
  view: ews.FreeBusyViewType[one.ViewType ?? one.viewType],
  events: one.CalendarEvents.map((event) => ({
    start: event.StartTime.ToISOString(),
    end: event.EndTime.ToISOString(),
    busy: ews.LegacyFreeBusyStatus[event.FreeBusyStatus],
    subject: event.Details?.Subject,
    location: event.Details?.Location,
    isPrivate: event.Details?.IsPrivate,
  })),
}));
process.stdout.write(`${JSON.stringify({ answers })}\n`);
