import type { Command } from 'commander';
import { datasetNames } from '../../dataset/index.js';
import { engineNames } from '../../engine/index.js';
import { optimizerNames } from '../../optimizer/index.js';
import { testProblemNames } from '../../testproblem/index.js';
import { completionScript, type Shell } from '../completion.js';
import type { Terminal } from '../terminal.js';

/** Prints the script that completes this program's command lines in a shell. */
export function completion(shell: Shell, program: Command, terminal: Terminal): void {
  terminal.result(
    completionScript(program, shell, {
      '--testproblem': testProblemNames(),
      '--testproblems': testProblemNames(),
      '--optimizer': optimizerNames(),
      '--optimizers': optimizerNames(),
      '--dataset': datasetNames(),
      '--engine': ['auto', ...engineNames()],
      '--device': ['cpu', 'webgpu', 'cuda', 'gpu'],
    }),
  );
}
