/** The hand-off as text: what a person enters in Google's console. */
import {
  type Endpoint,
  GOOGLE_CONSOLE_PATH,
  googleForms,
  MASKED_SECRET,
} from '../../infra/endpoints/google-forms.js';
import type { Terminal } from '../terminal.js';

/** Prints the forms of all endpoints from the stack's outputs, the secret hidden. */
export function showHandoff(terminal: Terminal, outputs: Readonly<Record<string, unknown>>): void {
  const values = {
    tenantId: String(outputs.tenantId),
    clientId: String(outputs.clientId),
    tokenEndpoint: String(outputs.tokenEndpoint),
    ewsUrl: String(outputs.ewsUrl),
    secret: MASKED_SECRET,
  };
  terminal.line(`  ${GOOGLE_CONSOLE_PATH}`, 'dim');
  for (const endpoint of outputs.endpoints as readonly Endpoint[]) {
    for (const form of googleForms(endpoint, values)) {
      terminal.line(`  Endpoint ${form.endpoint}: ${form.formType}`, 'strong');
      terminal.pairs(
        form.fields.map(({ label, value }) => [label, value] as const),
        '    ',
      );
    }
  }
}
