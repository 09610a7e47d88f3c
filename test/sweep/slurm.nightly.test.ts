import { execFile, execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command } from '../cli/command.js';
import { writeBlankMnist } from './blank-mnist.js';
import { reproducibleResults, runFiles, sweepFolder, writePlan } from './small-sweep.js';

const script = fileURLToPath(new URL('../../scripts/one-node-slurm.mjs', import.meta.url));
const cluster = await mkdtemp(join(tmpdir(), 'slurm-'));
const unavailable = startCluster();

/** Starts the cluster; why it cannot be started, null when it runs. */
function startCluster(): string | null {
  if (process.platform !== 'linux') return `Slurm runs on Linux, this is ${process.platform}`;
  try {
    execFileSync(process.execPath, [script, 'install'], { stdio: 'pipe' });
    execFileSync(process.execPath, [script, 'start', cluster], { stdio: 'pipe' });
    return null;
  } catch (error) {
    rmSync(cluster, { recursive: true });
    return (
      String((error as { stderr?: Buffer }).stderr)
        .trim()
        .split('\n')
        .at(-1) ?? 'for no known reason'
    );
  }
}

let folder: string;
beforeAll(async () => {
  folder = await sweepFolder();
});
afterAll(async () => {
  execFileSync(process.execPath, [script, 'stop', cluster]);
  await rm(cluster, { recursive: true });
  await rm(folder, { recursive: true });
});

const env = { SLURM_CONF: join(cluster, 'slurm.conf') };
const probprec = (...args: string[]) => command(args, { cwd: folder, env });

async function slurm(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env: { ...process.env, ...env } });
  return stdout.trim();
}

/** Texts of the logs by file name. */
async function logs(): Promise<Map<string, string>> {
  const logFolder = join(folder, 'slurm-tune', 'logs');
  const names = await readdir(logFolder);
  const texts = names.map(async (name) => [name, await readFile(join(logFolder, name), 'utf8')] as const);
  return new Map(await Promise.all(texts));
}

if (unavailable !== null) console.warn(`the test with Slurm is skipped: ${unavailable}`);

test.skipIf(unavailable !== null)(
  'the first of two tasks copies the data to the disk of the node, and both read them there',
  { timeout: 240_000 },
  async () => {
    const place = join(folder, 'staged');
    await writeBlankMnist(join(place, 'data'));
    const options = 'options: { num_epochs: 0, batch_size: 1000 }\ndata_dir: data\n';
    const resources =
      'resources: { time: "5", threads: 1, mem: 1G, setup: "export NODE_DISK=$PWD/disk", scratch: $NODE_DISK }\n';
    const text = `testproblems: mnist_logreg\noptimizers: sgd\nseeds: 1-2\n${options}${resources}`;
    await writeFile(join(place, 'stage.yaml'), text);
    const own = (...args: string[]) => command(args, { cwd: place, env });
    const how = ['--allow-user-code', '--format', 'slurm', '--epoch-seconds', '5', '--signal-seconds', '30'];
    expect((await own('sweep', 'commands', 'stage.yaml', ...how)).code).toBe(0);
    await promisify(execFile)(join(place, 'slurm-stage', 'stage-submit.sh'), [], { env: { ...process.env, ...env } });
    while ((await slurm('squeue', '--noheader')) !== '') await sleep(500);
    const logFolder = join(place, 'slurm-stage', 'logs');
    const names = (await readdir(logFolder)).filter((name) => !name.startsWith('report'));
    const texts = await Promise.all(names.map((name) => readFile(join(logFolder, name), 'utf8')));
    expect(texts).toHaveLength(2);
    for (const task of texts) expect(task).toMatch(/exit code 0\n$/);
    expect(texts.filter((task) => /^mnist: copied to \S+\/disk\/probprec-data-\w+$/m.test(task))).toHaveLength(1);
    const [copy = ''] = await readdir(join(place, 'slurm-stage', 'disk'));
    expect((await readdir(join(place, 'slurm-stage', 'disk', copy, 'mnist'))).sort()).toEqual(
      (await readdir(join(place, 'data', 'mnist'))).sort(),
    );
    const results = await runFiles(join(place, 'results'));
    expect(results.map(({ status }) => status.state)).toEqual(['completed', 'completed']);
  },
);

test.skipIf(unavailable !== null)(
  '12 runs on a Slurm cluster: one runs out of time, is queued again and goes on; then the best setting runs, then the report',
  { timeout: 420_000 },
  async () => {
    const small = { seeds: '1-6', epochs: 3, faults: ['none', 'stuck'] };
    const resources =
      'resources: { time: "2", throttle: 2, threads: 1, mem: 300M, setup: ["export PREPARED=yes", "echo prepared in $SLURM_JOB_ID"] }';
    const plan = await writePlan(folder, 'tune.yaml', { ...small, more: resources });
    const local = await writePlan(folder, 'local.yaml', { ...small, outputDir: 'local' });

    const refused = await probprec('sweep', 'commands', plan, '--allow-user-code', '--format', 'slurm');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/resources\.time: found 2 \(120 s\), expected at least 8 minutes: .*assumed/);
    const timing = ['--epoch-seconds', '5', '--signal-seconds', '30', '--rerun-seeds', '7-8'];
    const generated = await probprec('sweep', 'commands', plan, '--allow-user-code', '--format', 'slurm', ...timing);
    expect(generated).toMatchObject({ code: 0, stdout: expect.stringContaining('slurm-tune/tune-submit.sh\n') });

    // One of the runs takes this file and then more time than it has.
    await writeFile(join(folder, 'stuck'), '');
    expect(await slurm('slurm-tune/tune-submit.sh')).toMatch(
      /^array job \d+: 12 tasks\nrerun job (\d+), .*logs\/rerun-\1\.out; then\narray job \d+: 2 tasks\nreport job \d+, /,
    );
    const seen = new Set<string>();
    for (;;) {
      const status = JSON.parse((await probprec('sweep', 'status', plan, '--allow-user-code', '--json')).stdout);
      const queued = status.runs.filter(({ slurm }: { slurm: object | null }) => slurm !== null);
      for (const { index, slurm: entry } of queued) {
        expect(entry.job_id).toMatch(new RegExp(`^\\d+_${index}$`));
        seen.add(entry.state);
      }
      const running = queued.filter(({ slurm: { state } }: { slurm: { state: string } }) => state === 'RUNNING');
      expect(running.length).toBeLessThanOrEqual(2);
      if ((await slurm('squeue', '--noheader')) === '') break;
      await sleep(1000);
    }
    expect([...seen].sort()).toEqual(expect.arrayContaining(['PENDING', 'RUNNING']));

    const all = await logs();
    const stuck = [...all.values()].filter((text) => text.includes('SIGUSR1'));
    expect(stuck).toHaveLength(1);
    expect(stuck[0]).toMatch(
      /start 1 of job [\s\S]*received SIGUSR1\n[\s\S]*kept: the checkpoint of ([^,\n]*)[\s\S]*exit code 143\n[\s\S]*queued again \(restart 1 of at most 3\)\n[\s\S]*start 2 of job [\s\S]*resumes from the checkpoint of \1\n[\s\S]*exit code 0\n$/,
    );
    const report = [...all].find(([name]) => name.startsWith('report-'))?.[1] ?? '';
    expect(report).toContain('tune: 12 of 12 runs done; 12 completed');
    expect(report).toContain('Faulty');
    expect(report).toContain('tune-best: 2 of 2 runs done; 2 completed');
    // 12 tasks, the choice of the best setting, its 2 tasks, the report; each with the plan's lines for the shell.
    expect(all.size).toBe(16);
    for (const text of all.values()) expect(text).toMatch(/^prepared in \d+\n/);
    expect([...all.values()].filter((text) => /run \d of \S*tune-best\.yaml/.test(text))).toHaveLength(2);

    const files = (await runFiles(join(folder, 'results'))).filter(({ random_seed: seed }) => seed <= 6);
    expect(files.filter(({ resumed }) => resumed.length > 0).map(({ resumed }) => resumed.length)).toEqual([1]);
    expect((await probprec('sweep', 'run', local, '--allow-user-code', '--jobs', '2', '--quiet')).code).toBe(0);
    // The two further runs of the best setting are not of the plan.
    const results = Object.entries(await reproducibleResults(join(folder, 'results')));
    const planned = results.filter(([, content]) => (content as { random_seed: number }).random_seed <= 6);
    expect(Object.fromEntries(planned)).toEqual(await reproducibleResults(join(folder, 'local')));
  },
);
