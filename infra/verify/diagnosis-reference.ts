/** docs/diagnosis.md, printed from the table of leaves. */
import { GOOGLE_MESSAGES, LEAVES, type LeafCode, leafOf, STAGES, type Stage } from './leaves.js';

const INTRODUCTION = `# Diagnosis

<!-- Printed from infra/verify/leaves.ts. Change it there, then: UPDATE_DOCS=1 npx jest test/verify/reference.test.ts -->

\`calendar-interop verify\` looks availability up as Google does: it takes a token with the pasted values, acts as the role account, and
asks for people's calendars. Where that fails it names one of the codes below, with what it saw and what mends it. A code does not
change its meaning, so alerts and tickets may refer to it. A **fault** makes \`verify\` exit with 11, a *note* does not.

What was pasted is what the stack's last run left: client id, endpoints, role accounts and URLs in its outputs, the secret in use in its
encrypted state. Options replace them. Where \`access\` is \`roleMailboxes\`, acting on a mailbox outside has to be refused: the one named
with \`--outside\`, else one of those looked up. The use of the secret is noted, so that it never counts as Google's (docs/rotation.md).

What the answer leaves open is looked up with the stack's own sign-in: switch and allow list of EWS, the mailbox, its licence, the role
assignments. Without that sign-in, or without a permission that it lacks, the report says what could not be looked at, and a
more general code stands (CI-EWS-OFF, CI-EWS-BLOCKED).

Google's side is looked at where \`calendar-interop:google\` is set: with credentials by Google's interfaces, else by the list of users that
the Admin console exports, which shows who has an account and nothing more. Without either it is "not checked".

What \`verify\` cannot know: whether Google's servers reach yours (it asks from where it runs, and through a proxy it does not look at
name, connection and certificate at all), and what was really entered into Google's form. That Google impersonates a role account
over EWS, calls getSchedule through it over Graph, and which views and time zones it asks for, is UNCONFIRMED.
`;

/** The whole document. */
export function diagnosisReference(): string {
  const stages = (Object.keys(STAGES) as Stage[]).map(section);
  return [INTRODUCTION, ...stages.filter((text) => text !== '')].join('\n');
}

function section(stage: Stage): string {
  const codes = (Object.keys(LEAVES) as LeafCode[]).filter((code) => leafOf(code).stage === stage);
  if (codes.length === 0) return '';
  const rows = codes.map((code) => {
    const { grave, what, google, mend, unconfirmed } = leafOf(code);
    const open = unconfirmed === undefined ? '' : ` UNCONFIRMED: ${unconfirmed}.`;
    const message = google === undefined ? '–' : `${google}: "${GOOGLE_MESSAGES[google]}"`;
    const cells = [
      `\`${code}\``,
      grave === 'fault' ? '**fault**' : '*note*',
      `${what}.${open}`,
      message,
      steps(mend),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const title = `${STAGES[stage].charAt(0).toUpperCase()}${STAGES[stage].slice(1)}`;
  return [
    `## ${title}`,
    '',
    '| code | weight | what is wrong | Google says | what mends it |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** Placeholders in angle brackets, which Markdown would swallow outside of code. */
function steps(mend: readonly string[]): string {
  return mend
    .map((step) => `\`${step.replace(/\{([a-zA-Z]+)\}/g, '<$1>').replaceAll('|', '\\|')}\``)
    .join('<br>');
}
