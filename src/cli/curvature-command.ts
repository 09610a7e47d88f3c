import type { Command } from 'commander';
import { UsageError } from './failure.js';
import { commaSeparated, nonNegativeNumber, oneOf, quoted, wholeNumber } from './option-values.js';
import type { CurvatureOptions } from './options.js';
import type { Terminal } from './terminal.js';
import { addDataOptions, addEngineOptions, addVersionOptions } from './training-options.js';

/** `curvature`; what it needs is loaded when it is called. */
export function addCurvature(program: Command, terminal: Terminal): void {
  const command = program
    .command('curvature')
    .summary("measure the curvature of a test problem's loss: eigenvalues, trace, density, step size")
    .description(
      "Measures the Hessian of a test problem's loss by exact products with vectors (docs/curvature.md): largest and smallest\n" +
        'eigenvalues with residuals, trace, Frobenius norm, outliers, and what the step size α of the preconditioner family would\n' +
        'be. At the initial parameters, along a training with --optimizer and --at, or at the kept parameters of a run with --run.\n' +
        'Nothing is written.',
    )
    .usage(
      '--testproblem NAME [--optimizer NAME [--<hyperparameter> VALUE ...] --at STEP,STEP,...] [options] | --run FILE',
    )
    .allowUnknownOption()
    .allowExcessArguments()
    .option('--testproblem <name|file>', 'test problem (probprec list testproblems), or a file ./mine.js')
    .option('--optimizer <name|file>', 'what trains to the points (probprec list optimizers), or a file ./mine.js')
    .option(
      '--at <step,step,...>',
      'steps of the training at which to measure; 0, the initial parameters, needs no optimizer (0)',
      commaSeparated(wholeNumber('--at', 0)),
    )
    .option('--run <file>', 'a run file: measures at the parameters that its run has kept (run --keep-parameters)')
    .option(
      '--epochs <n,n,...>',
      'with --run: only after these epochs (all that are kept)',
      commaSeparated(wholeNumber('--epochs', 0)),
    )
    .option('--seed <n>', 'seed of the parameters, the minibatches and the probes (42)', wholeNumber('--seed', 0))
    .option('--batch-size <n>', "examples of a minibatch (the test problem's own)", wholeNumber('--batch-size', 1))
    .option('--l2-reg <x>', "factor of the L2 term (the test problem's own)", nonNegativeNumber('--l2-reg'))
    .option(
      '--matrix <name>',
      'hessian, or gauss-newton: JᵀH_out J',
      oneOf('--matrix', ['hessian', 'gauss-newton'] as const),
      'hessian',
    )
    .option(
      '--by <blocks>',
      'all, group or layer: diagonal blocks',
      oneOf('--by', ['all', 'group', 'layer'] as const),
      'all',
    )
    .option(
      '--mode <name>',
      'train or eval: two matrices where there is dropout or batch normalisation',
      oneOf('--mode', ['train', 'eval'] as const),
      'train',
    )
    .option(
      '--split <name>',
      'train or valid: whose minibatches',
      oneOf('--split', ['train', 'valid'] as const),
      'train',
    )
    .option('--batches <k|all>', 'minibatches over whose mean loss the matrix is taken', batches, 1)
    .option('--top <k>', 'largest eigenvalues to print', wholeNumber('--top', 1), 12)
    .option('--lanczos <m>', 'Lanczos steps from each probe', wholeNumber('--lanczos', 2), 60)
    .option('--probes <n>', 'Lanczos runs from random vectors', wholeNumber('--probes', 1), 2)
    .option(
      '--trace-probes <n>',
      'random vectors for the trace, those probes included',
      wholeNumber('--trace-probes', 1),
      16,
    )
    .option(
      '--trace <method>',
      'hutchinson, or hutch++ where few eigenvalues dominate',
      oneOf('--trace', ['hutchinson', 'hutch++'] as const),
      'hutchinson',
    )
    .option(
      '--step-size-batches <n>',
      'minibatches for α, and for the noise of gradients and products; 0 for none',
      wholeNumber('--step-size-batches', 0),
      10,
    );
  addVersionOptions(command);
  addDataOptions(command);
  addEngineOptions(command);
  command
    .option('--json', 'everything as JSON, for probprec plot and others')
    .option('--quiet', 'no progress')
    .action(async (options: CurvatureOptions, self: Command) => {
      const { curvature } = await import('./commands/curvature.js');
      const ownOptions = self.options.flatMap((option) => (option.long ? [option.long] : []));
      process.exitCode = await curvature(options, self.args, ownOptions, terminal);
    });
}

function batches(text: string): number | 'all' {
  if (text === 'all') return text;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= 1) return value;
  throw new UsageError(`--batches: found ${quoted(text)}, expected a whole number of at least 1, or all`);
}
