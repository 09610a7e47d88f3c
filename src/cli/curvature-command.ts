import type { Command } from 'commander';
import { UsageError } from './failure.js';
import { commaSeparated, nonNegativeNumber, oneOf, quoted, wholeNumber } from './option-values.js';
import type { CurvatureOptions } from './options.js';
import type { Terminal } from './terminal.js';
import { addRunOptions, TRAINING_GROUPS } from './training-options.js';

/** `curvature`; what it needs is loaded when it is called. */
export function addCurvature(program: Command, terminal: Terminal): void {
  const command = program
    .command('curvature')
    .summary("measure the curvature of a test problem's loss: eigenvalues, trace, density, step size")
    .description(
      "Measures the Hessian of a test problem's loss by exact products with vectors (docs/curvature.md): largest and smallest\n" +
        'eigenvalues with residuals, trace, Frobenius norm, outliers, and the step size α that the preconditioner family would\n' +
        'choose. At the initial parameters, along a training with --optimizer and --at, or at the kept parameters of a run with --run.\n' +
        'Writes no files.',
    )
    .usage(
      '--testproblem NAME [--optimizer NAME [--<hyperparameter> VALUE ...] --at STEP,STEP,...] [options] | --run FILE',
    )
    .allowUnknownOption()
    .allowExcessArguments()
    .option('--testproblem <name|file>', 'test problem (probprec list testproblems), or a file ./mine.js')
    .option(
      '--optimizer <name|file>',
      'optimizer that trains to the --at steps (probprec list optimizers), or a file ./mine.js',
    )
    .option(
      '--at <step,step,...>',
      'training steps at which to measure; step 0, the initial parameters, needs no optimizer (0)',
      commaSeparated(wholeNumber('--at', 0)),
    )
    .option('--run <file>', 'run file to measure, at the parameters it kept (run --keep-parameters)')
    .option(
      '--epochs <n,n,...>',
      'with --run: only these epochs (all kept ones)',
      commaSeparated(wholeNumber('--epochs', 0)),
    )
    .option('--seed <n>', 'seed of parameters, minibatches and probes (42)', wholeNumber('--seed', 0))
    .option('--batch-size <n>', "examples per minibatch (the test problem's)", wholeNumber('--batch-size', 1))
    .option('--l2-reg <x>', "factor of the L2 term (the test problem's)", nonNegativeNumber('--l2-reg'))
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
      'train or eval; they differ where there is dropout or batch normalisation',
      oneOf('--mode', ['train', 'eval'] as const),
      'train',
    )
    .option(
      '--split <name>',
      'take minibatches from train or valid',
      oneOf('--split', ['train', 'valid'] as const),
      'train',
    )
    .option('--batches <k|all>', 'number of minibatches whose mean loss defines the matrix', batches, 1)
    .option('--top <k>', 'number of largest eigenvalues to print', wholeNumber('--top', 1), 12)
    .option('--lanczos <m>', 'Lanczos steps per probe', wholeNumber('--lanczos', 2), 60)
    .option('--probes <n>', 'number of Lanczos runs from random vectors', wholeNumber('--probes', 1), 2)
    .option(
      '--trace-probes <n>',
      'number of random vectors for the trace, the probes included',
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
      'number of minibatches that estimate α and the noise of gradients and products; 0 skips it',
      wholeNumber('--step-size-batches', 0),
      10,
    )
    .option(
      '--posterior <m>',
      "compare the preconditioner's posterior of m products with fresh minibatches; 0 skips it",
      wholeNumber('--posterior', 0),
      0,
    )
    .option('--checks <n>', 'with --posterior: number of fresh curvatures', wholeNumber('--checks', 1), 20)
    .option(
      '--preconditioner <name,...>',
      'also look at √P H √P with the preconditioner P of: own, thesis, paper, author, krylov, oracle',
      commaSeparated(oneOf('--preconditioner', ['own', 'thesis', 'paper', 'author', 'krylov', 'oracle'] as const)),
    )
    .option(
      '--ranks <k,...>',
      'with --preconditioner: ranks of the estimated ones (2,9)',
      commaSeparated(wholeNumber('--ranks', 1)),
    )
    .option(
      '--products <n>',
      'with --preconditioner: number of products that each estimate has for its directions (20)',
      wholeNumber('--products', 1),
    );
  addRunOptions(command, TRAINING_GROUPS);
  command
    .option('--json', 'print everything as JSON, for probprec plot and others')
    .option('--quiet', 'print no progress')
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
  throw new UsageError({ subject: '--batches', found: quoted(text), expected: 'a whole number of at least 1, or all' });
}
