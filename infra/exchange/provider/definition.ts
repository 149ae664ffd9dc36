/** Provider `exchange`: what Exchange Online shall be like, as resources for Pulumi. */
import { configurationSchema } from './configuration.js';
import { Exchange, type ExchangeOptions } from './context.js';
import { defineProvider, type Provider } from './kernel/index.js';
import { applicationScope } from './resources/application-scope.js';
import { baseline } from './resources/baseline.js';
import { calendarBaseline } from './resources/calendar-baseline.js';
import { calendarVisibility } from './resources/calendar-visibility.js';
import { ewsAccess } from './resources/ews-access.js';
import { roleMailbox } from './resources/role-mailbox.js';
import { roomBooking } from './resources/room-booking.js';

/** It is not published: programs and provider come from one package. */
export const EXCHANGE_PROVIDER_VERSION = '0.1.0';

/** Variables that hold secrets: taken out of every message. */
const SECRET_VARIABLES = [
  'ARM_CLIENT_SECRET',
  'ARM_CLIENT_CERTIFICATE',
  'ARM_CLIENT_CERTIFICATE_PASSWORD',
  'ARM_OIDC_TOKEN',
  'ARM_OIDC_REQUEST_TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'SYSTEM_ACCESSTOKEN',
] as const;

/** A provider and what it has opened. */
export interface ExchangeProvider {
  readonly provider: Provider<Exchange>;
  /** Ends connections and shells; call it when the provider has stopped. */
  close(): Promise<void>;
}

export function exchangeProvider(options: ExchangeOptions): ExchangeProvider {
  const open = new Set<Exchange>();
  const provider = defineProvider({
    name: 'exchange',
    version: EXCHANGE_PROVIDER_VERSION,
    config: configurationSchema,
    configure: async (configuration, { keepSecret, signal }) => {
      const exchange = new Exchange(configuration, options, signal);
      for (const variable of SECRET_VARIABLES) {
        const value = exchange.env[variable];
        if (value !== undefined && value !== '') keepSecret(value);
      }
      open.add(exchange);
      return exchange;
    },
    resources: {
      'exchange:index:Baseline': baseline,
      'exchange:index:EwsAccess': ewsAccess,
      'exchange:index:RoleMailbox': roleMailbox,
      'exchange:index:RoomBooking': roomBooking,
      'exchange:index:ApplicationScope': applicationScope,
      'exchange:index:CalendarBaseline': calendarBaseline,
      'exchange:index:CalendarVisibility': calendarVisibility,
    },
  });
  return {
    provider,
    close: async () => {
      await Promise.all([...open].map((exchange) => exchange.close()));
      open.clear();
    },
  };
}
