import { describe, expect, test } from 'vitest';
import { loadedCommand } from '../cli/loaded-command.js';

const data = ['--data', 'synthetic', '--synthetic-size', '600', '--threads', '1', '--batch-size', '32'];
const logreg = ['curvature', '--testproblem', 'mnist_logreg', ...data];

describe('a wrong option of curvature', () => {
  test.each([
    [[], /--testproblem: missing, expected a name of probprec list testproblems .*or --run FILE/],
    [['--at', '5'], /--at 5: found no --optimizer, expected one that trains to this step/],
    [['--batches', '0'], /--batches: found "0", expected a whole number of at least 1, or all/],
    [
      ['--batches', '16'],
      /--batches 16: the training set of 500 examples has 15 batches of 32, expected at most these/,
    ],
    [['--posterior', '3', '--step-size-batches', '1'], /--step-size-batches 1: .*expected at least 2/],
    [['--posterior', '-1'], /--posterior: found "-1"/],
    [['--checks', '0'], /--checks: found "0"/],
    [['--preconditioner', 'paper,kfac'], /--preconditioner: found "kfac", expected one of own, thesis, paper/],
    [['--preconditioner', 'paper', '--by', 'layer'], /--preconditioner: found --by layer, expected the whole matrix/],
    [['--preconditioner', 'own'], /--preconditioner own: found no --optimizer, expected one with a preconditioner/],
    [
      ['--preconditioner', 'own', '--optimizer', 'sgd', '--lr', '1'],
      /--preconditioner own: sgd has no preconditioner, expected an optimizer that has one, or some of thesis/,
    ],
    [['--ranks', '2'], /--ranks: goes with --preconditioner only/],
    [['--matrix', 'fisher'], /--matrix: found "fisher", expected one of hessian, gauss-newton/],
    [['--lr', '1'], /found "--lr", expected only options of curvature/],
    [['--optimizer', 'sgd', '--rate', '1'], /--rate: found an option that neither curvature nor sgd has/],
  ])('%j is answered in one line', async (args, expected) => {
    const given = args.length === 0 ? ['curvature'] : [...logreg, '--quiet', ...args];
    const { code, stdout, stderr } = await loadedCommand(given);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(expected);
  });
});
