import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IJob, Job } from 'kubernetes-models/batch/v1';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkPathsOfPods, kubernetesJob, planOf } from '../../src/sweep/index.js';
import { command } from '../cli/command.js';

/** Keys of a manifest that Kubernetes does not know, at whatever depth: the validator lets them pass, the types do not. */
type Unknown<Value, Known> = Value extends readonly (infer Entry)[]
  ? Unknown<Entry, NonNullable<Known> extends readonly (infer KnownEntry)[] ? KnownEntry : never>
  : Value extends object
    ? {
        [Key in keyof Value]-?: Key extends keyof NonNullable<Known>
          ? Unknown<Value[Key], NonNullable<Known>[Key]>
          : Key;
      }[keyof Value]
    : never;
type UnknownKeys = Unknown<ReturnType<typeof kubernetesJob>, IJob>;
const noUnknownKey: [UnknownKeys] extends [never] ? true : UnknownKeys = true;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-kubernetes-'));
});
afterEach(() => rm(folder, { recursive: true }));

const where = 'kubernetes: { image: "registry.example/probprec:1", volumes: [{ claim: sweeps, path: /plans }] }';

function job(resources = where, { tasks = [0, 1, 2], runs = 3, name = 'Tune_mnist.1', further = '' } = {}) {
  const text = `name: ${name}\ntestproblems: mnist_logreg\noptimizers: sgd\nresources: { ${resources} }\n${further}`;
  const plan = planOf(join(folder, 'tune it.yaml'), text, { allowUserCode: true });
  return kubernetesJob(plan, { tasks, runs, graceSeconds: 60, maxRestarts: 3 });
}

describe('the manifest', () => {
  test('is a Job as Kubernetes defines it, with what the plan asks for', () => {
    expect(noUnknownKey).toBe(true);
    const full = `threads: 2, mem: 4G, gpus: 1, throttle: 2, time: "01:30:00", ${where.replace('volumes', 'namespace: ml, node_selector: { gpu: a100 }, volumes')}`;
    for (const manifest of [job(), job(full)]) expect(() => new Job(manifest as IJob).validate()).not.toThrow();
    const { metadata, spec } = job(full);
    expect(metadata).toMatchObject({ name: 'tune-mnist-1', namespace: 'ml' });
    expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 3, parallelism: 2, backoffLimitPerIndex: 3 });
    const [container] = spec.template.spec.containers;
    const amounts = { cpu: '2', memory: '4Gi', 'nvidia.com/gpu': '1' };
    expect(container?.resources).toEqual({ requests: amounts, limits: amounts });
    expect(spec.template.spec).toMatchObject({
      restartPolicy: 'Never',
      activeDeadlineSeconds: 5400,
      terminationGracePeriodSeconds: 60,
      nodeSelector: { gpu: 'a100' },
      volumes: [{ name: 'volume-0', persistentVolumeClaim: { claimName: 'sweeps' } }],
    });
    // The validator is not blind.
    const wrong = { ...job(), spec: { ...spec, completions: 'three' } };
    expect(() => new Job(wrong as unknown as IJob).validate()).toThrow(/completions must be integer/);
  });

  test('has an empty volume on the node for copies of the data', () => {
    const manifest = job(`${where}, scratch: /scratch`);
    expect(() => new Job(manifest as IJob).validate()).not.toThrow();
    const { containers, volumes } = manifest.spec.template.spec;
    expect(volumes).toContainEqual({ name: 'scratch', emptyDir: {} });
    expect(containers[0]?.volumeMounts).toContainEqual({ name: 'scratch', mountPath: '/scratch' });
    expect(containers[0]?.command[2]).toContain('\nexport PROBPREC_SCRATCH=/scratch\n');
  });

  test('has a name that Kubernetes takes, whatever the plan is called', () => {
    const names = ['9lives', 'a'.repeat(80), `${'b'.repeat(49)}.c`, 'X'].map(
      (name) => job(where, { name }).metadata.name,
    );
    for (const name of names) expect(name).toMatch(/^[a-z](?:[a-z0-9-]{0,53}[a-z0-9])?$/);
  });

  test.each([
    ['threads: 1', /resources\.kubernetes: missing, expected image and volumes/],
    [`${where}, mem: lots`, /resources\.mem: found "lots"/],
    [`${where}, gpus: "a100:1"`, /resources\.gpus: found "a100:1", expected a number for Kubernetes/],
    [`${where}, scratch: $TMPDIR`, /resources\.scratch: found \$TMPDIR, expected a path without variables/],
    [`${where}, time: soon`, /resources\.time: found "soon"/],
    ['kubernetes: { image: x, volumes: [] }', /found an empty list/],
    ...['work', '/', '//', '/a:b', '/a/../b', '/..'].map((path): [string, RegExp] => [
      `kubernetes: { image: x, volumes: [{ claim: c, path: "${path}" }] }`,
      /volumes\.0\.path: found ".*", expected a path from the root, without ":" and "\.\."/,
    ]),
    ['kubernetes: { image: x, volumes: [{ claim: c, path: /p }, { claim: d, path: /p/ }] }', /a path of its own/],
    ['kubernetes: { image: "a b", volumes: [{ claim: c, path: /p }] }', /image: found "a b", expected the name of an/],
    ['kubernetes: { image: x, volumes: [{ claim: My_Claim, path: /p }] }', /claim: found "My_Claim", expected small/],
    [where.replace('volumes', 'namespace: A B, volumes'), /namespace: found "A B", expected at most 63 small letters/],
    [where.replace('volumes', 'node_selector: { "a b": c }, volumes'), /node_selector/],
    [
      where.replace('volumes', 'node_selector: { a: "b c" }, volumes'),
      /node_selector\.a: found "b c", expected at most/,
    ],
  ])('is refused: %s', (resources, message) => {
    expect(() => job(resources)).toThrow(message);
  });

  test('needs everything below the folder of the plan', () => {
    const outside = planOf(
      join(folder, 'plan.yaml'),
      'testproblems: mnist_logreg\noptimizers: sgd\noutput_dir: ../x\n',
    );
    expect(() => checkPathsOfPods(outside)).toThrow(
      /output_dir: found \.\.\/x, expected a path below the plan's folder/,
    );
  });
});

describe('the command of a pod', () => {
  /** A program in the place of ours: it writes its arguments, and waits for SIGTERM where `waits` is there. */
  async function program(): Promise<string> {
    const path = join(folder, 'program');
    const text = `#!/bin/sh
echo "$*" >> '${folder}/calls'
if [ -e '${folder}/waits' ]; then trap 'echo term >> "${folder}/calls"; exit 143' TERM; echo up; while :; do sleep 0.02; done; fi
case "$*" in *"--index 4 "*) exit 1;; esac
`;
    await writeFile(path, text);
    await chmod(path, 0o755);
    return path;
  }
  const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trimEnd().split('\n');
  async function script(resources: string, tasks: number[], runs: number): Promise<string> {
    const own = where.replace('{ image', `{ program: ${JSON.stringify(await program())}, image`);
    const [container] = job(`${own}, ${resources}`, { tasks, runs }).spec.template.spec.containers;
    const text = container?.command[2] ?? '';
    expect(spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    return text;
  }
  const run = (text: string, index: number) =>
    spawnSync('sh', ['-c', text], { env: { ...process.env, JOB_COMPLETION_INDEX: String(index) }, encoding: 'utf8' });

  test('executes the runs of its task, one after the other, and fails when one of them did', async () => {
    const text = await script('runs_per_task: 2, threads: 3', [0, 1, 2], 5);
    expect(run(text, 1).status).toBe(0);
    expect(await calls()).toEqual([
      'sweep run /plans/tune it.yaml --index 2 --threads 3',
      'sweep run /plans/tune it.yaml --index 3 --threads 3',
    ]);
    expect(run(text, 2)).toMatchObject({ status: 1, stdout: 'run 4: exit code 1\n' });
    expect(await calls()).toHaveLength(3);
  });

  test('knows which tasks are missing, and executes the lines of the plan first', async () => {
    const text = await script('setup: "echo prepared"', [3, 7, 9], 10);
    expect(run(text, 1).stdout).toMatch(/^prepared\n/);
    expect(await calls()).toEqual(['sweep run /plans/tune it.yaml --index 7 --threads 1']);
  });

  test.each([
    ['', ''],
    [', also before it knows the number of its process', '  sleep 0.3\n'],
  ])('hands SIGTERM on to the run%s, waits for it, and starts no other', async (_, before) => {
    await writeFile(join(folder, 'waits'), '');
    const text = (await script('runs_per_task: 2', [0], 2)).replace('  child=$!\n', `${before}  child=$!\n`);
    const child = spawn('sh', ['-c', text], { env: { ...process.env, JOB_COMPLETION_INDEX: '0' } });
    const said = once(child.stdout, 'data');
    await said;
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(1);
    expect(await calls()).toEqual(['sweep run /plans/tune it.yaml --index 0 --threads 1', 'term']);
  });
});

test('sweep commands writes the manifest of the missing runs', async () => {
  await writeFile(
    join(folder, 'plan.yaml'),
    `testproblems: quadratic_deep\noptimizers: sgd\nsettings: { lr: [0.1, 0.2] }\nresources: { ${where} }\n`,
  );
  const { code, stdout, stderr } = await command(['sweep', 'commands', 'plan.yaml', '--format', 'kubernetes'], {
    cwd: folder,
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'plan-job.yaml\n' });
  expect(stderr).toBe(
    '2 runs in 2 tasks\nnext: kubectl apply -f plan-job.yaml, then probprec sweep status plan.yaml\n',
  );
  const manifest: IJob = parse(await readFile(join(folder, 'plan-job.yaml'), 'utf8'));
  expect(() => new Job(manifest).validate()).not.toThrow();
  expect(manifest.spec).toMatchObject({ completions: 2, parallelism: 2 });
});
