import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runHelp } from '../../src/cli/commands/run-help.js';
import { createProgram } from '../../src/cli/program.js';
import { command } from './command.js';
import { loadedCommand } from './loaded-command.js';
import { quietTerminal } from './quiet-terminal.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-manners-'));
});
afterEach(() => rm(folder, { recursive: true }));

const smallRun = ['run', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--lr', '0.1', '--num-epochs', '1'];
const synthetic = ['--data', 'synthetic', '--synthetic-size', '300', '--quiet'];

describe('asking for help', () => {
  test('help CMD says what CMD --help says, for commands of commands, too', async () => {
    const said = async (...words: string[]) => {
      const { code, stdout, stderr } = await loadedCommand(words);
      return { code, stdout, stderr };
    };
    for (const path of [['run'], ['sweep', 'plan']]) {
      expect(await said('help', ...path)).toEqual(await said(...path, '--help'));
    }
    expect(await said('help')).toEqual(await said('--help'));
  });

  test('help of nothing that is there names what is', async () => {
    expect(await loadedCommand(['help', 'rnu'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^probprec: unknown command "rnu"; expected one of run, .*did you mean run\?\).*\n$/,
      ),
    });
    expect((await loadedCommand(['help', 'sweep', 'plam'])).stderr).toMatch(
      /^probprec: sweep: unknown command "plam"; .*plan/,
    );
  });

  test('without arguments the help is on stderr, and the exit code says that nothing was done', async () => {
    const { code, stdout, stderr } = await command([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: probprec');
  });

  test.each(['-V', '-v', '--version'])('%s prints the version', async (flag) => {
    expect((await command([flag])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('an unknown option names the command to ask', async () => {
    expect((await loadedCommand(['compare', '--formt', 'csv'])).stderr).toBe(
      "probprec: unknown option '--formt' (did you mean --format?); probprec compare --help lists the options\n",
    );
    expect((await loadedCommand(['sweep', 'best', '--metrik', '1'])).stderr).toMatch(
      /^probprec: unknown option '--metrik'.*; probprec sweep best --help lists the options\n$/,
    );
  });

  test.each([40, 60, 80])('no line of any help is wider than %d columns', async (columns) => {
    const said: string[] = [];
    const program = createProgram(quietTerminal(columns, said));
    const all = [program, ...program.commands, ...program.commands.flatMap((group) => group.commands)];
    expect(all.length).toBeGreaterThan(25);
    for (const entry of all) entry.outputHelp();
    said.push(await runHelp('', 'preconditioned-sgd', columns));
    const lines = said.join('\n').split('\n');
    // A term or a name that is longer than the line has no place to be broken at.
    expect(lines.filter((line) => line.length > columns && /\S\s+\S/.test(line.trim()))).toEqual(
      lines.filter((line) => line.length > columns && /^ {2}-\S*, --\S+ <\S+>$|^ {2}--\S+ <\S+>$/.test(line)),
    );
    expect(lines.length).toBeGreaterThan(250);
  });
});

describe('options that one always gives', () => {
  test('come from the file, before it from the environment, before that from the command line', async () => {
    const config = join(folder, 'probprec.yaml');
    await writeFile(config, 'output_dir: from-file\nthreads: 1\n');
    await loadedCommand([...smallRun, ...synthetic, '--config', config], { cwd: folder });
    await loadedCommand([...smallRun, ...synthetic], {
      cwd: folder,
      env: { PROBPREC_CONFIG: config, PROBPREC_OUTPUT_DIR: 'from-environment' },
    });
    await loadedCommand([...smallRun, ...synthetic, '--output-dir', 'from-command-line'], {
      cwd: folder,
      env: { PROBPREC_OUTPUT_DIR: 'from-environment-2' },
    });
    const folders = ['from-command-line', 'from-environment', 'from-file', 'probprec.yaml'];
    expect((await readdir(folder)).toSorted()).toEqual(folders);
  });

  test.each([
    ['thread: 2\n', /unknown key "thread"; expected some of data_dir, .*did you mean threads\?/],
    ['lr: 0.1\n', /unknown key "lr".*options that change what is measured belong on the command line/],
    ['threads: two\n', /^probprec: threads of .*: found "two", expected a whole number/],
    ['- a\n', /found no keys/],
    ['a: [\n', /probprec\.yaml: /],
    ['threads: [1]\n', /threads: expected a text or a number/],
  ])('%j is one line and exit code 2', async (content, line) => {
    const config = join(folder, 'probprec.yaml');
    await writeFile(config, content);
    const { code, stdout, stderr } = await loadedCommand([...smallRun, ...synthetic, '--config', config], {
      cwd: folder,
    });
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(stderr).toMatch(line);
    expect(await readdir(folder)).toEqual(['probprec.yaml']);
  });

  test('a wrong variable is named, and so is a file that is not there', async () => {
    const wrong = await loadedCommand([...smallRun, ...synthetic], { cwd: folder, env: { PROBPREC_THREADS: 'x' } });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: 'probprec: $PROBPREC_THREADS: found "x", expected a whole number of at least 1\n',
    });
    const none = await loadedCommand([...smallRun, ...synthetic, '--config', 'none.yaml'], { cwd: folder });
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^probprec: --config none\.yaml: cannot be read/),
    });
  });
});

describe('completion', () => {
  /** What bash offers for a line whose last word is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const { stdout: script, code } = await loadedCommand(['completion', 'bash']);
    expect(code).toBe(0);
    const line = words.map((word) => `'${word}'`).join(' ');
    const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _probprec; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', `${script}\n${ask}`], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((word) => word !== '');
  }

  test('bash offers commands, options, names and words', async () => {
    expect(await offered('probprec', 'cur')).toEqual(['curvature']);
    expect(await offered('probprec', 'sweep', '')).toEqual(expect.arrayContaining(['plan', 'run', 'status', 'best']));
    expect(await offered('probprec', 'sweep', 'plan', '--tes')).toEqual(['--testproblem']);
    expect(await offered('probprec', 'run', '--testproblem', 'cifar10_3')).toEqual([
      'cifar10_3c3d',
      'cifar10_3c3d_roos',
    ]);
    expect(await offered('probprec', 'run', '--quiet', '--optimizer', 'adamw')).toEqual(['adamw']);
    expect(await offered('probprec', 'run', '--data', '')).toEqual(['real', 'synthetic']);
    expect(await offered('probprec', 'sweep', 'plan', '--optimizer', 'sgd,adamw')).toEqual(['sgd,adamw']);
    expect(await offered('probprec', 'compare', '--testproblems', 'mnist_mlp,mnist_log')).toEqual([
      'mnist_mlp,mnist_logreg',
    ]);
    expect(await offered('probprec', 'completion', '--')).toEqual(expect.arrayContaining(['--help']));
  });

  test('bash offers files where a file is wanted', async () => {
    await writeFile(join(folder, 'tune.yaml'), '');
    expect(await offered('probprec', 'sweep', 'run', 'tu')).toEqual(['tune.yaml']);
    expect(await offered('probprec', 'curvature', '--run', '')).toEqual(['tune.yaml']);
  });

  test.each(['zsh', 'fish'])('%s has a line for every command', async (shell) => {
    const { stdout } = await loadedCommand(['completion', shell]);
    for (const name of ['run', 'curvature', 'parquet', 'rerun-best'])
      expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
    const { error, status, stderr } = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' });
    if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('of another shell is refused', async () => {
    expect((await loadedCommand(['completion', 'tcsh'])).stderr).toEqual(
      expect.stringMatching(/^probprec: completion: found "tcsh", expected one of bash, zsh, fish.*\n$/),
    );
  });
});
