import {
  constantValue,
  defineTestProblem,
  dense,
  embedding,
  layerNorm,
  normalValues,
  perPosition,
  positionEmbedding,
  softmaxCrossEntropy,
  transformerBlock,
  xavierUniform,
} from '../src/testproblem/index.js';

const characters = 83;
const features = 64;

/**
 * A small decoder that predicts the next character of War and Peace: token and position embeddings, two blocks of layer
 * normalisation, causal attention with 4 heads and GELU, and a dense layer; 114,003 parameters. This project's own
 * definition: DeepOBS has no test problem of this kind.
 */
export default defineTestProblem({
  name: 'tolstoi_transformer',
  description: 'two causal attention blocks that predict the next character of War and Peace (not in DeepOBS)',
  dataset: 'tolstoi',
  inputShape: [50],
  inputType: 'int',
  labelShape: [50],
  defaults: { batchSize: 50, numEpochs: 50 },
  initial: { weights: xavierUniform(), biases: constantValue(0) },
  network: [
    embedding(characters, features, { weight: normalValues(0.02) }),
    positionEmbedding({ weight: normalValues(0.02) }),
    transformerBlock({ heads: 4, hiddenUnits: 4 * features }),
    transformerBlock({ heads: 4, hiddenUnits: 4 * features }),
    layerNorm(),
    perPosition(dense(characters, { output: true })),
  ],
  loss: softmaxCrossEntropy(),
});
