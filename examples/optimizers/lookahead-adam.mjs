import { chain, defineOptimizer, learningRate, scaleByAdam, scaleByLearningRate, tensor, z } from 'probprec';

const { add, multiply, subtract } = tensor;

/** Lookahead (Zhang et al. 2019) around any transformation: every k steps φ ← φ + α (θ − φ) and θ ← φ. */
export const lookahead = (inner, { k, alpha }) => ({
  init: (parameters, context) => ({ slow: parameters, inner: inner.init(parameters, context) }),
  update: (gradients, context) => {
    const { slow, inner: innerState } = context.state;
    const { updates, state } = inner.update(gradients, { ...context, state: innerState });
    if (!context.when((t) => t % k === 0)) return { updates, state: { slow, inner: state } };
    const fast = context.parameters.map((parameter, index) => add(parameter, updates[index]));
    const next = slow.map((tensor, index) => add(tensor, multiply(subtract(fast[index], tensor), alpha)));
    return {
      updates: next.map((tensor, index) => subtract(tensor, context.parameters[index])),
      state: { slow: next, inner: state },
    };
  },
});

export default defineOptimizer({
  name: 'lookahead-adam',
  className: 'LookaheadAdam',
  description: 'Adam, drawn back to slow weights',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.001),
    k: z.int().min(1).default(5).describe('steps between two synchronizations'),
    alpha: z.number().min(0).max(1).default(0.5).describe('how far the slow weights follow'),
  }),
  transformation: ({ lr, k, alpha }) => lookahead(chain(scaleByAdam(), scaleByLearningRate(lr)), { k, alpha }),
});
