import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planOf, shellWord } from '../../src/sweep/index.js';
import { planTag } from '../../src/sweep/slurm/job-tag.js';
import { parseQueue } from '../../src/sweep/slurm/queue.js';
import type { SlurmOptions } from '../../src/sweep/slurm/script-context.js';
import { slurmScripts } from '../../src/sweep/slurm/scripts.js';
import { checkTaskTime, checkTimeLimit, parseTimeLimit } from '../../src/sweep/slurm/time-limit.js';
import { command } from '../cli/command.js';
import { loadedCommand } from '../cli/loaded-command.js';
import { sweepFolder, writePlan } from './small-sweep.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slurm $(touch hacked) \'q\' "d" `touch hacked` & ; % -'));
});
afterEach(() => rm(folder, { recursive: true }));

const defaults: Omit<SlurmOptions, 'folder' | 'planPath'> = {
  program: 'probprec',
  dataDir: '/data',
  maxArraySize: 1001,
  epoch: { seconds: 10, source: 'stated' },
  signalSeconds: 60,
  maxRestarts: 3,
};

function scripts(resources: string, runs: number, options: Partial<SlurmOptions> = {}) {
  const planPath = join(folder, 'plan.yaml');
  const text = `name: tune.x-1\ntestproblems: mnist_logreg\noptimizers: sgd\nresources: ${resources}\n`;
  const files = slurmScripts(planOf(planPath, text), runs, { folder, planPath, ...defaults, ...options });
  expect(files.map(({ name }) => name)).toEqual(['tune.x-1.sbatch', 'tune.x-1-report.sbatch', 'tune.x-1-submit.sh']);
  const [array = '', report = '', submit = ''] = files.map((file) => file.text);
  for (const script of [array, report, submit]) {
    expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  }
  return { array, report, submit };
}

describe('the array script', () => {
  test('has every directive, before the first command', () => {
    const { array } = scripts(
      '{ time: "1-02:30:00", mem: 4G, partition: "short,long", throttle: 7, threads: 2, directives: ["--account=ml", "--gres=gpu:a 100"] }',
      12,
    );
    const lines = array.split('\n');
    const directives = lines.filter((line) => line.startsWith('#SBATCH'));
    expect(lines.slice(1, 1 + directives.length)).toEqual(directives);
    const quoted = folder.replaceAll('"', '\\"');
    expect(directives).toEqual([
      '#SBATCH --job-name=tune.x-1',
      `#SBATCH --comment=probprec:${planTag(join(folder, 'plan.yaml'))}:0:1`,
      '#SBATCH --array=0-11%7',
      '#SBATCH --ntasks=1',
      '#SBATCH --cpus-per-task=2',
      '#SBATCH --time=1-02:30:00',
      '#SBATCH --signal=B:USR1@60',
      '#SBATCH --requeue',
      '#SBATCH --open-mode=append',
      `#SBATCH --output="${quoted.replaceAll('%', '%%')}/logs/%A_%a.out"`,
      `#SBATCH --chdir="${quoted}"`,
      '#SBATCH --mem=4G',
      '#SBATCH --partition=short,long',
      '#SBATCH --account=ml',
      '#SBATCH --gres="gpu:a 100"',
    ]);
  });

  test.each([
    ['{ time: "60", mem: "4G; rm" }', /^.*plan\.yaml: resources\.mem: found "4G; rm", expected for instance 4G$/],
    ['{ time: "60", partition: "a b" }', /resources\.partition: found "a b", expected names of partitions/],
    ['{ time: "60", directives: ["gres=1"] }', /resources\.directives: found "gres=1", expected --name=value/],
    ['{ time: "60", directives: ["--account=a\\n#SBATCH --wrap=x"] }', /expected a value without control characters$/],
    ['{ time: "60", directives: ["--signal=USR2@9"] }', /found --signal, which the script sets itself/],
    ['{ time: "60", gpus: 0 }', /resources\.gpus: found "0", expected a number of GPUs, or type:number/],
    ['{ time: "60", gpus: 1, directives: ["--gres=gpu:2"] }', /found --gres beside resources\.gpus, expected one/],
    ['{}', /resources\.time: missing, expected the time limit of a task/],
    ['{ time: "an hour" }', /resources\.time: found "an hour", expected a time limit of Slurm/],
  ])('is refused with %s', (resources, message) => {
    expect(() => scripts(resources, 1)).toThrow(message);
  });

  test('asks for GPUs and executes the lines of the plan first; the report needs no GPU', () => {
    const { array, report } = scripts('{ time: "60", gpus: "a100:1", setup: ["module load cuda", "export A=1"] }', 2);
    expect(array).toContain('#SBATCH --gres=gpu:a100:1\n');
    // What a site's own commands leave unset must not end the script.
    expect(array).toMatch(/\nmodule load cuda\nexport A=1\n\nset -u\n/);
    expect(report).not.toContain('gres');
    expect(report.indexOf('module load cuda')).toBeLessThan(report.indexOf('probprec sweep status'));
  });

  test('names a folder on the node for copies of the data; the shell knows its variables, and executes nothing of it', () => {
    const { array, report } = scripts('{ time: "60", scratch: "$TMPDIR/data of $USER" }', 2);
    expect(array).toContain('\nexport PROBPREC_SCRATCH="$TMPDIR/data of $USER"\n');
    expect(report).not.toContain('SCRATCH');
    for (const wrong of [
      '$(touch hacked)',
      '/a`touch hacked`',
      '/a"; touch hacked',
      'data',
      '$1',
      `/a$${'{'}x:-$(id)}`,
    ]) {
      expect(() => scripts(`{ time: "60", scratch: ${JSON.stringify(wrong)} }`, 2)).toThrow(
        /resources\.scratch: .*expected a folder on the node: an absolute path, which may have variables such as \$TMPDIR/,
      );
    }
  });

  test('has only the tasks that are wanted, in ranges', async () => {
    const split = { maxArraySize: 10, tasks: [4, 8, 15, 16, 23, 42] };
    const { array, submit } = scripts('{ time: "60" }', 50, split);
    expect(array).toContain('#SBATCH --array=4,8\n');
    const calls = await submitted(submit, []);
    expect(calls.map((call) => call.find((word) => word.startsWith('--array')))).toEqual([
      ...[undefined, '--array=5-6', '--array=3', '--array=2'],
      undefined,
    ]);
    expect(calls.map((call) => call.at(-1))).toEqual(['0', '10', '20', '40', 'tune.x-1-report.sbatch']);
    // Submitted alone, the first array must find its own tasks.
    expect(scripts('{ time: "60" }', 50, { ...split, tasks: [42] }).array).toContain(
      `(SLURM_ARRAY_TASK_ID + $\{1:-40})`.replace('\\', ''),
    );
  });

  test('is split where the site allows smaller arrays only, one after the other when throttled', async () => {
    const split = { maxArraySize: 5 };
    const { array, submit } = scripts('{ time: "60", throttle: 2, runs_per_task: 3 }', 34, split);
    // 34 runs are 12 tasks of up to 3: arrays of 5, 5 and 2.
    expect(array).toContain('#SBATCH --array=0-4%2\n');
    const said = await submitted(submit, ['--account=ml group']);
    const tag = `probprec:${planTag(join(folder, 'plan.yaml'))}`;
    expect(said).toEqual([
      ['--parsable', '--account=ml group', 'tune.x-1.sbatch', '0'],
      [
        ...['--parsable', '--account=ml group', '--dependency=afterany:101', '--array=0-4%2', `--comment=${tag}:5:3`],
        ...['tune.x-1.sbatch', '5'],
      ],
      [
        ...['--parsable', '--account=ml group', '--dependency=afterany:102', '--array=0-1%2', `--comment=${tag}:10:3`],
        ...['tune.x-1.sbatch', '10'],
      ],
      ['--parsable', '--account=ml group', '--dependency=afterany:101:102:103', 'tune.x-1-report.sbatch'],
    ]);
    const free = await submitted(scripts('{ time: "60" }', 12, { maxArraySize: 10 }).submit, []);
    expect(free[1]).toEqual(['--parsable', '--array=0-1', `--comment=${tag}:10:1`, 'tune.x-1.sbatch', '10']);
    expect(spawnSync('ls', { cwd: folder, encoding: 'utf8' }).stdout).not.toContain('hacked');
  });

  test('lets the choice of the best setting and its runs follow, and the report at the end', async () => {
    const planPath = join(folder, 'plan.yaml');
    const plan = planOf(
      planPath,
      'name: tune\ntestproblems: mnist_logreg\noptimizers: sgd\nresources: { time: "60", setup: "module load node" }\n',
    );
    const best = join(folder, 'plan-best.yaml');
    const rerun = { seeds: '43,44', plan: { ...plan, name: 'tune-best', path: best }, planPath: best, runs: 4 };
    const files = slurmScripts(plan, 12, { folder, planPath, ...defaults, rerun, maxArraySize: 3 });
    const text = new Map(files.map((file) => [file.name, file.text]));
    expect([...text.keys()]).toEqual([
      ...['tune.sbatch', 'tune-rerun.sbatch', 'tune-best.sbatch', 'tune-report.sbatch', 'tune-submit.sh'],
    ]);
    for (const script of text.values()) {
      expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    }
    const calls = await submitted(text.get('tune-submit.sh') ?? '', []);
    const after = ['--parsable', '--dependency=afterok:105', '--kill-on-invalid-dep=yes'];
    expect(calls.slice(4)).toEqual([
      ['--parsable', '--dependency=afterany:101:102:103:104', 'tune-rerun.sbatch'],
      [...after, 'tune-best.sbatch', '0'],
      [...after, '--array=0', `--comment=probprec:${planTag(best)}:3:1`, 'tune-best.sbatch', '3'],
      ['--parsable', '--dependency=afterany:106:107', 'tune-report.sbatch'],
    ]);
    expect(text.get('tune-rerun.sbatch')).toContain(
      `module load node\n\nexec probprec sweep rerun-best ${shellWord(planPath)} --seeds 43,44 -o ${shellWord(best)} --overwrite\n`,
    );
    expect(text.get('tune-best.sbatch')).toContain(`plan=${shellWord(best)}\nruns=4\n`);
    expect(text.get('tune-report.sbatch')).toMatch(
      /sweep status .*\n[\s\S]*sweep best .*\nprobprec sweep status .*best\.yaml[\s\S]*compare --plan .*best\.yaml/,
    );
    expect(spawnSync('ls', { cwd: folder, encoding: 'utf8' }).stdout).not.toContain('hacked');
  });

  /** The arguments of every call of sbatch by a submit script, with one that answers 101, 102, … and a cluster's name. */
  async function submitted(script: string, args: readonly string[]): Promise<string[][]> {
    const log = join(folder, 'calls');
    await rm(log, { force: true });
    const fake = `#!/bin/bash\nprintf '%s\\0' "$@" $'\\n' >>calls\necho "$((100 + $(tr -cd '\\n' <calls | wc -c)));cluster"\n`;
    await mkdir(join(folder, 'bin'), { recursive: true });
    await writeFile(join(folder, 'bin', 'sbatch'), fake, { mode: 0o755 });
    const env = { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` };
    const { status, stderr } = spawnSync('bash', ['-s', '--', ...args], { input: script, env, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const calls = (await readFile(log, 'utf8')).split('\n\0');
    return calls.slice(0, -1).map((call) => call.split('\0').slice(0, -1));
  }
});

// The script itself, with a program that stands for ours and an scontrol that writes down how it was called.
describe('a task', () => {
  const program = `
if [ "$1 $2 $4 $6" != "sweep run --index --threads" ]; then exit 9; fi
trap 'echo "told"; exit 130' TERM
echo "run $5 threads $7 data $PROBPREC_DATA_DIR omp $OMP_NUM_THREADS"
if [ "$5" = "$FAILING" ]; then exit 1; fi
if [ "$5" = "$ENDLESS" ]; then while :; do sleep 0.05; done; fi
`;

  async function task(env: Record<string, string>, signal?: NodeJS.Signals, args: readonly string[] = []) {
    await mkdir(join(folder, 'bin'), { recursive: true });
    await writeFile(join(folder, 'bin', 'scontrol'), '#!/bin/bash\necho "scontrol $*"\nexit $REFUSES\n', {
      mode: 0o755,
    });
    await writeFile(join(folder, 'program'), program);
    const { array } = scripts('{ time: "60", threads: 3, runs_per_task: 3 }', 11, {
      program: `bash ${shellWord(join(folder, 'program'))}`,
    });
    const slow = env.SLOW === undefined ? array : array.replace('  child=$!\n', '  sleep 0.5\n  child=$!\n');
    await writeFile(join(folder, 'script'), slow);
    const child = spawn('bash', [join(folder, 'script'), ...args], {
      env: {
        PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
        SLURM_ARRAY_JOB_ID: '81',
        SLURM_CPUS_PER_TASK: '2',
        ...env,
      },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text.replaceAll(/^\d{4}-\d\d-\d\d [\d:]{8} /gm, '');
      });
    }
    const ended = once(child, 'close');
    if (signal !== undefined) {
      while (!said.includes(`run ${env.ENDLESS} threads`)) await sleep(10);
      child.kill(signal);
    }
    const [code] = await ended;
    return { code, lines: said.trimEnd().split('\n') };
  }

  test('executes its runs with the threads that Slurm gave, also of a later array, and fails when one failed', async () => {
    const { code, lines } = await task({ SLURM_ARRAY_TASK_ID: '1', FAILING: '10' }, undefined, ['2']);
    expect(code).toBe(1);
    expect(lines.filter((line) => / threads \d/.test(line))).toEqual([
      'run 9 threads 2 data /data omp 2',
      'run 10 threads 2 data /data omp 2',
    ]);
    expect(lines.at(-1)).toBe('run 10: exit code 1');
    expect((await task({ SLURM_ARRAY_TASK_ID: '0', FAILING: '1' })).lines).toContain('run 2: exit code 0');
    expect((await task({ SLURM_ARRAY_TASK_ID: '0' })).code).toBe(0);
  });

  test('says so when it is no task', async () => {
    expect(await task({})).toEqual({
      code: 2,
      lines: ['this is no task of a job array; submit the script with sbatch'],
    });
  });

  test.each([
    ['out of time', '7', {}],
    ['by a signal that comes before its number is known', '6', { SLOW: '1' }],
  ])('stops its run %s and is queued again', async (_, run, slow) => {
    const { code, lines } = await task({ SLURM_ARRAY_TASK_ID: '2', ENDLESS: run, ...slow }, 'SIGUSR1');
    expect(code).toBe(0);
    expect(lines.slice(-5)).toEqual([
      'received SIGUSR1',
      'told',
      `run ${run}: exit code 130`,
      'out of time; queued again (restart 1 of at most 3)',
      'scontrol requeue 81_2',
    ]);
    expect(lines.join('\n')).not.toContain('run 8');
  });

  test('out of time is not queued again for ever', async () => {
    const { code, lines } = await task({ SLURM_ARRAY_TASK_ID: '2', ENDLESS: '7', SLURM_RESTART_COUNT: '3' }, 'SIGUSR1');
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatch(/^out of time after 4 starts, the most this script allows; submit it again/);
  });

  test('that cannot be queued again says what to do', async () => {
    const { code, lines } = await task({ SLURM_ARRAY_TASK_ID: '2', ENDLESS: '7', REFUSES: '1' }, 'SIGUSR1');
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatch(/^scontrol requeue failed; submit the script again/);
  });

  test('that Slurm ends stops its run and is not queued again', async () => {
    const { code, lines } = await task({ SLURM_ARRAY_TASK_ID: '2', ENDLESS: '6' }, 'SIGTERM');
    expect(code).toBe(1);
    expect(lines.slice(-4, -1)).toEqual(['received SIGTERM', 'told', 'run 6: exit code 130']);
    expect(lines.at(-1)).toMatch(/^run 6 was ended by Slurm \(cancelled, pre-empted, or out of time\); it resumes/);
  });
});

describe('time limits', () => {
  // sbatch(1): "minutes", "minutes:seconds", "hours:minutes:seconds", "days-hours", "days-hours:minutes" and
  // "days-hours:minutes:seconds".
  test.each([
    ['90', 5400],
    ['90:30', 5430],
    ['02:30:10', 9010],
    ['1-12', 129_600],
    ['1-12:30', 131_400],
    ['1-12:30:05', 131_405],
    ['UNLIMITED', Number.POSITIVE_INFINITY],
    ['1h', null],
    ['', null],
    ['1:2:3:4', null],
  ])('%s', (text, seconds) => {
    expect(parseTimeLimit(text)).toBe(seconds);
  });

  test('must leave time for the signal, its earliness, a start and an epoch', () => {
    const check = (time: string, seconds: number) =>
      checkTimeLimit('p.yaml', time, 60, { seconds, source: 'measured' });
    expect(check('4', 100)).toBe('4');
    expect(() => check('4', 101)).toThrow(
      'p.yaml: resources.time: found 4 (240 s), expected at least 5 minutes: 60 s for the signal, 60 s by which it may be early, 20 s to start, and one epoch of 101 s (the longest measured of this plan); a task could never make progress',
    );
    // Slurm rounds up to minutes.
    expect(check('3:01', 100)).toBe('3:01');
    expect(check('unlimited', 1e9)).toBe('unlimited');
  });

  test('must leave time for the whole task within its restarts', () => {
    const check = (taskSeconds: number, source: 'stated' | 'assumed' = 'stated') =>
      checkTaskTime('p.yaml', '10', {
        ...{ taskSeconds, signalSeconds: 60, maxRestarts: 3 },
        epoch: { seconds: 300, source },
      });
    // 10 minutes leave 460 s in each start.
    expect([check(0), check(460), check(461), check(4 * 460)]).toEqual([1, 1, 2, 4]);
    expect(() => check(5 * 300 * 100)).toThrow(
      'p.yaml: resources.time: found 10, but the longest task needs about 42 h: 327 starts of 8 min, and --max-restarts 3 allows 4; raise resources.time or --max-restarts, or lower runs_per_task',
    );
    // A guess refuses nothing.
    expect(check(5 * 300 * 100, 'assumed')).toBe(327);
  });

  test('are checked against what was measured, when something was', async () => {
    const sweep = await sweepFolder();
    try {
      const plan = await writePlan(sweep, 'tune.yaml', { seeds: '1', more: 'resources: { time: "3" }' });
      const slurm = () =>
        loadedCommand(['sweep', 'commands', plan, '--allow-user-code', '--format', 'slurm'], { cwd: sweep });
      expect((await slurm()).stderr).toMatch(/found 3 \(180 s\), expected at least 8 minutes: .*300 s \(assumed/);
      expect((await command(['sweep', 'run', plan, '--allow-user-code'], { cwd: sweep })).code).toBe(0);
      const measured = await slurm();
      expect(measured.code).toBe(0);
      expect(measured.stderr).toMatch(
        /^1 run; an epoch takes [\d.e-]+ s \(the longest measured\)\nthe longest task takes about \d+ s \(1 start\), .*\nnext: slurm-tune/,
      );
    } finally {
      await rm(sweep, { recursive: true });
    }
  });
});

describe('the queue', () => {
  test('is read per run, with ranges, steps, limits, offsets and several runs per task', () => {
    const [own, other] = ['0123456789abcdef', 'fedcba9876543210'];
    const text = [
      `123|[4-6,9%2]|PENDING|JobArrayTaskLimit|probprec:${own}:0:1`,
      `123|3|RUNNING|None|probprec:${own}:0:1`,
      `124|[0-4:2]|PENDING|Dependency|probprec:${own}:20:1`,
      `125|1|COMPLETING|None|probprec:${own}:30:2`,
      `126|3|PENDING|Resources|probprec:${own}:0:1`,
      `127|0|RUNNING|None|probprec:${other}:0:1`,
      '128|N/A|RUNNING|None|(null)',
      '129|N/A|PENDING|Resources|a|b',
      '',
    ].join('\n');
    const queue = parseQueue(text, own);
    expect(
      [...queue].map(([index, { jobId, state }]) => [index, jobId, state]).sort(([a], [b]) => Number(a) - Number(b)),
    ).toEqual([
      [3, '123_3', 'RUNNING'],
      [4, '123_4', 'PENDING'],
      [5, '123_5', 'PENDING'],
      [6, '123_6', 'PENDING'],
      [9, '123_9', 'PENDING'],
      [20, '124_0', 'PENDING'],
      [22, '124_2', 'PENDING'],
      [24, '124_4', 'PENDING'],
      [62, '125_1', 'COMPLETING'],
      [63, '125_1', 'COMPLETING'],
    ]);
    expect(queue.get(4)).toEqual({ jobId: '123_4', state: 'PENDING', reason: 'JobArrayTaskLimit' });
  });
});
