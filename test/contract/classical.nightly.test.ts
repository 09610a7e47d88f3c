import { classicalRows } from './optimizer-classical.js';
import { optimizerContract } from './optimizer-contract.js';

optimizerContract(classicalRows);
