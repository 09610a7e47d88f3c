import { fileURLToPath } from 'node:url';
import { shellWord } from '../sweep/index.js';

/** The words that start this very installation, from any folder and in any environment. */
export function thisProgram(): string {
  return [process.execPath, fileURLToPath(new URL('./main.js', import.meta.url))].map(shellWord).join(' ');
}
