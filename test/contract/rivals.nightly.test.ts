import { optimizerContract } from './optimizer-contract.js';
import { rivalRows, wrappedRows } from './optimizer-rivals.js';

optimizerContract([...rivalRows, ...wrappedRows]);
