import { defineTestProblem, wideResNetDefinition } from '../src/testproblem/index.js';

/** Wide residual network 16-4 on SVHN; 2,748,890 parameters, batch normalisation, L2 term. Schneider et al. 2019, problem P7. */
export default defineTestProblem({
  name: 'svhn_wrn164',
  description: 'wide residual network 16-4 on SVHN, with batch normalisation and L2 regularisation',
  dataset: 'svhn',
  inputShape: [3, 32, 32],
  ...wideResNetDefinition({ depth: 16, widening: 4, classes: 10 }),
});
