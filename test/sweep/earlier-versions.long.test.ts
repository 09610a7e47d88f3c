import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRunFile } from '../../src/results/index.js';
import { findEarlierVersions } from '../../src/sweep/earlier-versions.js';
import { command } from '../cli/command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-versions-'));
});
afterEach(() => rm(folder, { recursive: true }));

const optimizer = (update: string) => `
import { chain, defineOptimizer, learningRate, scaleByLearningRate, stateless, tensor, z } from 'probprec';
export default defineOptimizer({ name: 'mine', className: 'Mine', description: 'mine',
  hyperparameters: z.strictObject({ lr: learningRate() }),
  transformation: () => chain(stateless((gradient) => ${update}), scaleByLearningRate()) });
`;
const write = (text: string) => writeFile(join(folder, 'mine.mjs'), text);

const small = ['--data', 'synthetic', '--synthetic-size', '600', '--num-epochs', '1', '--threads', '1'];
const run = (lr: string, ...more: string[]) =>
  command(
    [
      'run',
      '--testproblem',
      'mnist_logreg',
      '--optimizer',
      './mine.mjs',
      ...small,
      '--lr',
      lr,
      '--output-dir',
      'r',
      ...more,
    ],
    { cwd: folder },
  );

/** What the run file at a path says of its optimizer. */
async function configurationIn(path: string) {
  const { testproblem, optimizer } = (await readRunFile(join(folder, path.trim()))).configuration;
  return { testproblem, optimizer: { className: optimizer.class_name, source: optimizer.source } };
}

test('of an optimizer that left finished runs are said in one line, with how to drop them', async () => {
  await write(optimizer('tensor.sign(gradient)'));
  const [first, second] = [await run('0.01', '--quiet'), await run('0.02', '--quiet')];
  const files = [first, second].map(({ stdout }) => join(folder, stdout.trim()));
  const { provenance } = await readRunFile(files[0] ?? '');
  const old = provenance?.optimizer?.version;
  expect(old).toMatch(/^[0-9a-f]{8}$/);

  await write(`// the same\n${optimizer('tensor.sign(gradient)')}`);
  const same = await run('0.01');
  expect(same.stderr).toBe(`already complete (--overwrite runs it again): ${first.stdout}`);

  await write(optimizer('tensor.multiply(gradient, 2)'));
  const third = await run('0.01');
  const line = new RegExp(
    `^2 finished runs of an earlier version of mine\\.mjs \\(${old}; now [0-9a-f]{8}\\) exist and are kept; .*grep -rl ${old} r/mnist_logreg/Mine lists$`,
    'm',
  );
  expect(third.stderr).toMatch(line);
  expect(third.stderr.indexOf('earlier version')).toBeLessThan(third.stderr.indexOf('epoch 0/1'));
  const configuration = await configurationIn(third.stdout);
  expect(await findEarlierVersions(join(folder, 'r'), [configuration, configuration])).toEqual([
    {
      file: 'mine.mjs',
      version: configuration.optimizer.source?.sha256.slice(0, 8),
      paths: expect.arrayContaining(files),
      versions: [old],
      folders: [join(folder, 'r', 'mnist_logreg', 'Mine')],
    },
  ]);

  await writeFile(
    join(folder, 'plan.yaml'),
    `{ testproblems: [mnist_logreg, quadratic_deep], optimizers: ./mine.mjs, settings: { lr: 0.01 }, seeds: 42, output_dir: r,
       options: { num_epochs: 1, batch_size: 128 } }`,
  );
  const status = await command(['sweep', 'status', 'plan.yaml', '--allow-user-code'], { cwd: folder });
  expect(status.stderr.match(/2 finished runs of an earlier version of mine\.mjs/g)).toHaveLength(1);
  expect((await run('0.03', '--quiet')).stderr).toBe('');
});

test('are looked for where there are none', async () => {
  await write(optimizer('gradient'));
  const { stdout, stderr } = await run('0.01');
  expect(stderr).not.toContain('earlier');
  const configuration = await configurationIn(stdout);
  expect(await findEarlierVersions(join(folder, 'nothing'), [configuration])).toEqual([]);
});

test('an import that cannot be followed is warned of before the training', async () => {
  await write(`${optimizer('gradient')}\nexport const later = (name) => import(name);`);
  const { code, stderr } = await run('0.01', '--quiet');
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr:
      'probprec: warning: mine.mjs:7: it imports a module whose name the code computes; a change of that module is not noticed\n',
  });
});
