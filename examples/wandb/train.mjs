// Trains one run and logs it to Weights & Biases: node examples/wandb/train.mjs [TESTPROBLEM] [OPTIMIZER] [LR]
import { executeRun, resolveConfiguration } from 'probprec';
import { logToWandb } from './log-to-wandb.mjs';

const [testproblem = 'quadratic_deep', optimizer = 'sgd', lr = '0.01'] = process.argv.slice(2);
const {
  WANDB_API_KEY: apiKey = '',
  WANDB_PROJECT: project = 'probprec',
  WANDB_ENTITY: entity,
  WANDB_BASE_URL,
} = process.env;
const resolved = await resolveConfiguration({
  testproblem,
  optimizer,
  hyperparameters: { lr: Number(lr) },
  numEpochs: 3,
  seed: 42,
});
const wandb = logToWandb({
  apiKey,
  project,
  entity,
  id: `${testproblem}-${optimizer}-${Date.now().toString(36)}`,
  ...(WANDB_BASE_URL === undefined ? {} : { baseUrl: WANDB_BASE_URL }),
});
const { path } = await executeRun(resolved, {
  dataDir: process.env.PROBPREC_DATA_DIR ?? 'data',
  fetch: true,
  outputDir: 'results-wandb',
  resume: true,
  overwrite: false,
  onEvent: wandb.onEvent,
});
const problem = await wandb.finish();
if (problem !== null) console.error(`the run is complete, its log is not: ${problem.message}`);
console.log(path);
