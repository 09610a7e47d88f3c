import type { UserCode } from '../user-file/user-code.js';
import type { OwnDatasetDefinition } from './definition.js';

/** The definition of a user's file: what goes wrong in it is called the user's, but for a data file that is not there. */
export function guardedDataset(definition: OwnDatasetDefinition, of: UserCode): OwnDatasetDefinition {
  const code = of.as('data set');
  return {
    ...definition,
    open: async (options) => {
      const part = options.syntheticSize === null ? 'load' : 'synthetic';
      try {
        return await code.wait(part, () => definition.open(options));
      } catch (error) {
        throw code.claim(error, part);
      }
    },
  };
}
