/** Raw requests to the sandbox's Exchange, as reference documents describe them: nothing of the product is in between. */
import type { SandboxOptions } from '../../../sandbox/index.js';
import { type Answer, startTestSandbox, type TestSandbox } from '../../support/sandbox.js';

export const EXCHANGE_SCOPE = 'https://outlook.office365.com/.default';
export const SYSTEM_MAILBOX =
  'APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.onmicrosoft.com';

export interface CmdletOptions {
  /** A token; that of `exchange-admin` unless given. */
  readonly token?: string;
  /** `X-AnchorMailbox` as sent; the system mailbox unless given, null for none. */
  readonly anchor?: string | null;
  readonly prefer?: string;
  /** Instead of InvokeCommand of beta: the whole path, or a link to a next page. */
  readonly path?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
export type CmdletAnswer = Answer<any>;

export interface ExchangeTenant {
  readonly tenant: TestSandbox;
  /** `/adminapi/beta/<tenant>` */
  readonly root: string;
  token(client?: string): Promise<string>;
  cmdlet(name: string, parameters?: object, options?: CmdletOptions): Promise<CmdletAnswer>;
  /** Rows of a cmdlet that must succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  rows(name: string, parameters?: object, options?: CmdletOptions): Promise<any[]>;
  batch(requests: readonly object[], headers?: Readonly<Record<string, string>>): Promise<CmdletAnswer>;
  /** A member of a batch. */
  member(id: string, name: string, parameters: object, headers?: Readonly<Record<string, string>>): object;
  /** What of Exchange can be changed. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  exchangeState(): Promise<any>;
  dispose(): Promise<void>;
}

/** Starts a tenant of 60 mailboxes, so that every kind occurs. */
export async function startExchange(overrides: Partial<SandboxOptions> = {}): Promise<ExchangeTenant> {
  const tenant = await startTestSandbox({ mailboxes: 60, ...overrides });
  const { info } = tenant.sandbox;
  const root = `/adminapi/beta/${info.tenantId}`;
  const tokens = new Map<string, string>();

  async function token(client = 'exchange-admin'): Promise<string> {
    const known = tokens.get(client) ?? (await tenant.token(client, EXCHANGE_SCOPE));
    tokens.set(client, known);
    return known;
  }

  async function post(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
    bearer?: string,
  ) {
    return (await tenant.request(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${bearer ?? (await token())}`,
        ...headers,
      },
      body: JSON.stringify(body),
    })) as CmdletAnswer;
  }

  async function cmdlet(
    name: string,
    parameters: object = {},
    options: CmdletOptions = {},
  ): Promise<CmdletAnswer> {
    const anchor = options.anchor === undefined ? SYSTEM_MAILBOX : options.anchor;
    const path = (options.path ?? `${root}/InvokeCommand`).replace(info.graph, '');
    const headers = {
      ...(anchor === null ? {} : { 'x-anchormailbox': anchor }),
      ...(options.prefer === undefined ? {} : { prefer: options.prefer }),
    };
    return await post(
      path,
      { CmdletInput: { CmdletName: name, Parameters: parameters } },
      headers,
      options.token,
    );
  }

  return {
    tenant,
    root,
    token,
    cmdlet,
    rows: async (name, parameters = {}, options = {}) => {
      const answer = await cmdlet(name, parameters, options);
      if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body.value;
    },
    batch: (requests, headers = {}) =>
      post(`${root}/$batch`, { requests }, { prefer: 'odata.continue-on-error', ...headers }),
    member: (id, name, parameters, headers = {}) => ({
      id,
      method: 'POST',
      url: `${info.graph}${root}/InvokeCommand`,
      headers,
      body: { CmdletInput: { CmdletName: name, Parameters: parameters } },
    }),
    exchangeState: async () => (await tenant.state()).exchange,
    dispose: () => tenant.dispose(),
  };
}

/** Class and text of an error: `<id>|<class>|<text>` of the first detail. */
export function tagged(answer: CmdletAnswer): {
  readonly stringId: string;
  readonly className: string;
  readonly text: string;
} {
  const [stringId = '', className = '', ...text] = String(answer.body?.error?.details?.[0]?.message).split(
    '|',
  );
  return { stringId, className, text: text.join('|') };
}
