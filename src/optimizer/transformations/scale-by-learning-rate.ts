import { ConfigurationError } from '../../errors.js';
import { multiply, negate, type Tensor } from '../../tensor/index.js';
import { type Setting, stateless, type Transformation } from '../transformation.js';

/**
 * u ← −lr u. The hyperparameter that the optimizer declares as its learning rate follows the schedule; without an argument
 * it is that one. A number is a fixed rate.
 */
export function scaleByLearningRate(lr?: Setting): Transformation<readonly Tensor[]> {
  return stateless((update, _, { learningRate }) => {
    const rate = lr ?? learningRate;
    if (rate === null) {
      throw new ConfigurationError({
        subject: 'scaleByLearningRate',
        what: 'the optimizer has no learning rate',
        remedy: 'state which hyperparameter it is, such as learningRate: "eta", and pass it',
      });
    }
    return negate(multiply(update, rate));
  });
}
