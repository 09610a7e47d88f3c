import { z } from 'zod';
import { datasetNames, guardedDataset } from '../dataset/index.js';
import type { UserCode } from '../user-file/user-code.js';
import type { FileKind, StatementFault } from '../user-file/user-file.js';
import { PUBLISHED_NAMES } from './published-names.js';
import type { TestProblem } from './test-problem.js';

/** What a user's file must export as its default: what `defineTestProblem` returns. */
const contract = z.looseObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'expected letters, digits, "_" and "-"'),
  description: z.string(),
  dataset: z.string(),
  inputShape: z.array(z.int().positive()),
  parameters: z.array(z.looseObject({})).min(1),
  build: z.function(),
  initialParameters: z.function(),
});

/** Files that define test problems; none may be called like one of `registered`, or one with published results. */
export function testProblemFiles(
  registered: readonly string[],
  unlisted: (name: string) => Promise<unknown>,
): FileKind<TestProblem> {
  const among = (name: string, names: readonly string[]) =>
    names.some((other) => other.toLowerCase() === name.toLowerCase());
  /** Names that state settings of a family are its members'. */
  const isMember = async (name: string) => (await unlisted(name).catch(() => true)) !== null;
  return {
    option: 'testproblem',
    noun: 'test problem',
    expected: 'export default defineTestProblem({ … })',
    contract,
    guarded,
    async fault({ name, dataset, ownDataset }) {
      if (ownDataset === null && !datasetNames().includes(dataset)) {
        return stated(
          'dataset',
          `found "${dataset}", expected what defineDataset returns, or one of ${datasetNames().join(', ')}`,
        );
      }
      const example = `expected a new name, such as my_${name}`;
      if (among(name, registered) || (await isMember(name)))
        return stated('name', `found "${name}", the name of a registered test problem; ${example}`);
      return among(name, PUBLISHED_NAMES)
        ? stated('name', `found "${name}", under which results are published; ${example}`)
        : null;
    },
  };
}

function stated(property: string, text: string): StatementFault {
  return { property, text: `${property}: ${text}` };
}

/** The definition with its functions guarded: what goes wrong in them is called the user's. */
function guarded(exported: TestProblem, code: UserCode): TestProblem {
  const claimed = <T>(part: string, body: () => T): T => {
    try {
      return body();
    } catch (error) {
      throw code.claim(error, part);
    }
  };
  return {
    ...exported,
    choose: (choice) => guarded(exported.choose(choice), code),
    build: (batchSize, options) => claimed('network', () => exported.build(batchSize, options)),
    initialParameters: (seed) => claimed('initial values', () => exported.initialParameters(seed)),
    ownDataset: exported.ownDataset?.kind === 'own' ? guardedDataset(exported.ownDataset, code) : exported.ownDataset,
  };
}
