/** The simulation of the benchmark in small: no outage with our decision, and one with a wrong decision. */
import { planRun } from '../../infra/rotation/index.js';
import { retireAtOnce, years } from '../bench/rotation.js';

test('a year of accidents without an outage; a decision that retires at once has one', async () => {
  const [ours, wrong] = await Promise.all([years(15, planRun, 400), years(5, retireAtOnce, 400)]);
  expect(ours.filter(({ outageSeconds }) => outageSeconds > 0)).toEqual([]);
  expect(wrong.some(({ outageSeconds }) => outageSeconds > 0)).toBe(true);
});
