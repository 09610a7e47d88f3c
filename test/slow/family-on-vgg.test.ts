import { testProblemNames } from '../../src/testproblem/index.js';
import { testFamilyOn } from '../run/family-row.js';

// What the nightly tests leave out: several gigabytes of memory, and as many on the disk for a checkpoint.
testFamilyOn(testProblemNames().filter((name) => name.includes('vgg')));
