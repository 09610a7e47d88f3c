import { ConfigurationError } from '../errors.js';
import type { DatasetDeclaration } from './dataset-declaration.js';
import type { OwnDatasetDefinition } from './definition.js';
import { openOwnDataset } from './own-dataset.js';

/** Makes a data set of your own. Throws ConfigurationError for a statement that cannot be right. */
export function defineDataset(declaration: DatasetDeclaration): OwnDatasetDefinition {
  const { name, description, shape, inputType = 'float', vocabulary = null, classes, labelShape = [] } = declaration;
  const { train, valid, test, trainEval = Math.min(valid, train) } = declaration.sizes ?? {};
  const sizes = { train, valid, trainEval, test };
  const fail = (what: string, found: unknown, expected: string): never => {
    throw new ConfigurationError({
      subject: `data set ${name}: ${what}`,
      found: String(found),
      expected: expected,
    });
  };
  const positive = (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0;
  if (!Array.isArray(shape) || !shape.every(positive)) fail('shape', shape, 'a list of whole numbers from 1 on');
  if (!Array.isArray(labelShape) || !labelShape.every(positive)) {
    fail('labelShape', labelShape, 'a list of whole numbers from 1 on, [] for one class number');
  }
  for (const [part, size] of Object.entries(sizes)) {
    if (!positive(size)) fail(`sizes.${part}`, size, 'a whole number from 1 on');
  }
  if (trainEval > train) fail('sizes.trainEval', trainEval, `at most ${train}, the training examples`);
  if (classes !== null && !positive(classes))
    fail('classes', classes, 'a whole number from 1 on, or null without labels');
  if (inputType === 'int' && !positive(vocabulary)) {
    fail('vocabulary', vocabulary, 'how many tokens there are, because inputType is int');
  }
  if (typeof declaration.load !== 'function') fail('load', typeof declaration.load, 'a function');
  const facts = { name, title: name, description, shape, classes, labelShape, inputType, vocabulary, sizes, files: [] };
  return {
    kind: 'own',
    ...facts,
    open: (options) => openOwnDataset(facts, declaration, options),
  };
}
