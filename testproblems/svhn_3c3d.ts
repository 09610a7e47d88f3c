import { cnn3c3dDefinition, defineTestProblem } from '../src/testproblem/index.js';

/** Three convolutions and three dense layers on SVHN; 895,210 parameters, L2 term. DeepOBS 1.2. */
export default defineTestProblem({
  name: 'svhn_3c3d',
  description: 'three convolutions and three dense layers on SVHN, with L2 regularisation',
  dataset: 'svhn',
  inputShape: [3, 32, 32],
  ...cnn3c3dDefinition(10),
});
