import { type Endpoint, googleForms, MASKED_SECRET } from '../../infra/endpoints/google-forms.js';

const VALUES = {
  tenantId: '11111111-2222-3333-4444-555555555555',
  clientId: '66666666-7777-8888-9999-000000000000',
  tokenEndpoint: 'https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token',
  ewsUrl: 'https://outlook.office365.com/ews/exchange.asmx',
  secret: MASKED_SECRET,
};

function formsOf(endpoint: Endpoint) {
  return googleForms(endpoint, VALUES).map(({ formType, fields }) => ({
    formType,
    fields: Object.fromEntries(fields.map(({ label, value }) => [label, value])),
  }));
}

test('the Graph form takes all domains at once, the tenant id, and no URL', () => {
  const [form, ...others] = formsOf({
    name: 'online',
    type: 'microsoft365-graph',
    domains: ['contoso.com', 'fabrikam.com'],
    roleAccounts: ['a@contoso.com', 'b@contoso.com'],
  });
  expect(others).toEqual([]);
  expect(form).toEqual({
    formType: 'Microsoft 365 (Graph API)',
    fields: {
      'Exchange domain names': 'contoso.com, fabrikam.com',
      'Exchange role accounts': 'a@contoso.com, b@contoso.com',
      'Tenant ID': VALUES.tenantId,
      'Application (client) ID': VALUES.clientId,
      'Client secret': MASKED_SECRET,
    },
  });
});

test('the Legacy EWS form has no field for a domain: one entry per domain, with the role accounts in it', () => {
  const forms = formsOf({
    name: 'online',
    type: 'microsoft365-ews',
    domains: ['contoso.com', 'fabrikam.com'],
    roleAccounts: ['a@contoso.com', 'b@CONTOSO.com', 'c@fabrikam.com'],
  });
  expect(forms.map(({ fields }) => fields['Exchange role accounts'])).toEqual([
    'a@contoso.com, b@CONTOSO.com',
    'c@fabrikam.com',
  ]);
  for (const { fields } of forms) {
    expect(fields['Exchange Web Services URL']).toBe(VALUES.ewsUrl);
    expect(fields['Token endpoint URL']).toBe(VALUES.tokenEndpoint);
    expect(Object.keys(fields)).not.toContain('Tenant ID');
  }
});

test('the on-premises form has a password of its own and nothing of the registration', () => {
  const [form] = formsOf({
    name: 'site',
    type: 'onPremises',
    domains: ['contoso.com'],
    roleAccounts: ['a@contoso.com'],
    url: 'https://mail.contoso.com/ews/exchange.asmx',
  });
  expect(form?.fields['Exchange Web Services URL']).toBe('https://mail.contoso.com/ews/exchange.asmx');
  expect(JSON.stringify(form)).not.toContain(VALUES.clientId);
  expect(JSON.stringify(form)).not.toContain(MASKED_SECRET);
});
