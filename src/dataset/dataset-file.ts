import { z } from 'zod';
import type { UserCode } from '../user-file/user-code.js';
import type { FileKind } from '../user-file/user-file.js';
import type { DatasetDefinition, OwnDatasetDefinition } from './definition.js';
import { guardedDataset } from './guarded-dataset.js';

/** What a user's file must export as its default: what `defineDataset` returns. */
const contract = z.looseObject({
  kind: z.literal('own', 'expected what defineDataset returns'),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'expected letters, digits, "_" and "-"'),
  description: z.string(),
  open: z.function(),
});

/** Files that define data sets; none may be called like one of `registered`. */
export function datasetFiles(registered: readonly string[]): FileKind<DatasetDefinition> {
  return {
    option: 'dataset',
    noun: 'data set',
    expected: 'export default defineDataset({ … })',
    contract,
    guarded: (exported: DatasetDefinition, code: UserCode) => guardedDataset(exported as OwnDatasetDefinition, code),
    async fault({ name }) {
      if (!registered.some((other) => other.toLowerCase() === name.toLowerCase())) return null;
      const text = `name: found "${name}", the name of a registered data set; expected a new name, such as my-${name}`;
      return { property: 'name', text };
    },
  };
}
