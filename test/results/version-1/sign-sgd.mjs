import { chain, defineOptimizer, learningRate, scaleByLearningRate, stateless, tensor, z } from 'probprec';

export default defineOptimizer({
  name: 'sign-sgd',
  className: 'SignSGD',
  description: 'signs',
  hyperparameters: z.strictObject({ lr: learningRate() }),
  transformation: () =>
    chain(
      stateless((gradient) => tensor.sign(gradient)),
      scaleByLearningRate(),
    ),
});
