import { multiply, negate } from '../../tensor/index.js';
import { named, stateless, type Transformation } from '../transformation.js';

/** u ← −lr u, with the learning rate of the step (hyperparameter `lr` times the schedule's factor). */
export function scaleByLearningRate(): Transformation {
  return stateless((update, _, settings) => negate(multiply(update, named(settings, 'lr'))));
}
