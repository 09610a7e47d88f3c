import { testProblemNames } from '../../src/testproblem/index.js';
import { testFamilyOn } from './family-row.js';

// VGG with four observations and a checkpoint of them wants more memory than a machine of tests has: test/slow/family-on-vgg.test.ts.
testFamilyOn(testProblemNames().filter((name) => !name.includes('vgg')));
