import { optimizerContract } from './optimizer-contract.js';
import { rivalRows } from './optimizer-rivals.js';

optimizerContract(rivalRows);
