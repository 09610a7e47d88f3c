import { ConfigurationError } from '../../errors.js';
import { multiply, subtract, type Tensor } from '../../tensor/index.js';
import { stateless, type Transformation } from '../transformation.js';

/**
 * Decoupled weight decay (Loshchilov & Hutter 2019, as in PyTorch): u ← u − lr λ θ, behind all that makes the step. lr is the
 * learning rate in force, so that the decay follows the schedule.
 */
export function decayWeights(decay: number): Transformation<readonly Tensor[]> {
  return stateless((update, parameter, { learningRate }) => {
    if (learningRate === null) {
      throw new ConfigurationError({
        subject: 'decayWeights',
        what: 'the optimizer has no learning rate, which it needs',
        remedy: 'state which hyperparameter it is, such as learningRate: "eta"',
      });
    }
    return subtract(update, multiply(parameter, multiply(learningRate, decay)));
  });
}
