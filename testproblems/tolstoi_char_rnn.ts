import {
  constantValue,
  defineTestProblem,
  dense,
  dropout,
  embedding,
  lstm,
  perPosition,
  softmaxCrossEntropy,
  uniformValues,
  xavierUniform,
} from '../src/testproblem/index.js';

const characters = 83;
const units = 128;
/** Glorot's uniform limit for the matrix [input and hidden, gates] that TensorFlow has in one. */
const recurrent = uniformValues(Math.sqrt(6 / (2 * units + 4 * units)));
const cell = lstm(units, { biases: 'one', forgetBias: 1, weight: recurrent });

/**
 * Two LSTM layers of 128 units that predict the next character of War and Peace; 284,499 parameters. Schneider et al. 2019,
 * problem P8, as published in DeepOBS' TensorFlow line: dropout before and after each layer, one bias for the gates, 1 added to
 * the forget gate; the output's bias is initialised like a matrix [83, 83]. The states go on from batch to batch.
 */
export default defineTestProblem({
  name: 'tolstoi_char_rnn',
  description: 'two LSTM layers that predict the next character of War and Peace',
  dataset: 'tolstoi',
  lines: ['tf'],
  inputShape: [50],
  inputType: 'int',
  labelShape: [50],
  defaults: { batchSize: 50, numEpochs: 200 },
  initial: { weights: xavierUniform(), biases: constantValue(0) },
  network: [
    embedding(characters, units),
    ...[cell, cell].flatMap((layer) => [dropout(0.2), layer, dropout(0.2)]),
    perPosition(dense(characters, { bias: uniformValues(Math.sqrt(6 / (2 * characters))), output: true })),
  ],
  loss: softmaxCrossEntropy(),
});
