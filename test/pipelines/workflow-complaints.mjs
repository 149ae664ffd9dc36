/** Prints what GitHub's own parser has against the workflow in the first argument, as a JSON list. */
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';

const [content = ''] = process.argv.slice(2);
const { context } = parseWorkflow({ name: 'test.yaml', content }, new NoOperationTraceWriter());
process.stdout.write(JSON.stringify(context.errors.getErrors().map(({ message }) => message)));
