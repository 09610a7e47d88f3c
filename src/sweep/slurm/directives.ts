import { ConfigurationError } from '../../errors.js';
import type { Plan } from '../plan.js';

/** Options that the script depends on, or that have keys of their own in the plan. */
const TAKEN = [
  ...['array', 'chdir', 'comment', 'cpus-per-task', 'dependency', 'job-name', 'mem', 'no-requeue', 'ntasks'],
  ...['open-mode', 'output', 'partition', 'requeue', 'signal', 'time', 'wrap'],
];

/** `#SBATCH --name=value` with a value in any characters but control characters. Throws ConfigurationError. */
export function directive(name: string, value?: string): string {
  if (value === undefined) return `#SBATCH --${name}`;
  if (/\p{Cc}/u.test(value)) {
    throw new ConfigurationError({
      subject: `#SBATCH --${name}`,
      found: JSON.stringify(value),
      expected: 'a value without control characters',
    });
  }
  // sbatch reads double quotes with backslash escapes, as a shell does.
  return `#SBATCH --${name}=${/^[A-Za-z0-9_@%+=:,./-]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`}`;
}

/** A path in --output, where % starts a placeholder. Throws ConfigurationError: sbatch has no way to write a backslash. */
export function literalPath(path: string): string {
  if (path.includes('\\')) {
    throw new ConfigurationError({ found: JSON.stringify(path), expected: `a folder without \\ for Slurm's output` });
  }
  return path.replaceAll('%', '%%');
}

/**
 * What a plan asks of the cluster for every job: memory, partition and its further directives; GPUs only for the jobs that train.
 * Throws ConfigurationError.
 */
export function siteDirectives({ path, resources }: Plan, { trains }: { readonly trains: boolean }): string[] {
  const { mem, partition, gpus, directives = [] } = resources;
  const lines: string[] = [];
  if (mem !== undefined) {
    if (!/^\d+[KMGT]?$/i.test(mem)) {
      throw new ConfigurationError({
        subject: `${path}: resources.mem`,
        found: JSON.stringify(mem),
        expected: 'for instance 4G',
      });
    }
    lines.push(directive('mem', mem));
  }
  if (partition !== undefined) {
    if (!/^[A-Za-z0-9._-]+(?:,[A-Za-z0-9._-]+)*$/.test(partition)) {
      throw new ConfigurationError({
        subject: `${path}: resources.partition`,
        found: JSON.stringify(partition),
        expected: 'names of partitions: letters, digits, ".", "_" and "-"',
      });
    }
    lines.push(directive('partition', partition));
  }
  if (gpus !== undefined) {
    if (!/^(?:[A-Za-z0-9._-]+:)?[1-9]\d*$/.test(gpus)) {
      throw new ConfigurationError({
        subject: `${path}: resources.gpus`,
        found: JSON.stringify(gpus),
        expected: 'a number of GPUs, or type:number, for instance a100:1',
      });
    }
    if (trains) lines.push(directive('gres', `gpu:${gpus}`));
  }
  for (const stated of directives) {
    const [, name = '', value] = /^--([a-z][a-z0-9-]*)(?:=(.+))?$/su.exec(stated) ?? [];
    if (name === '') {
      throw new ConfigurationError({
        subject: `${path}: resources.directives`,
        found: JSON.stringify(stated),
        expected: '--name=value, for instance --account=ml',
      });
    }
    if (name === 'gres' && gpus !== undefined) {
      throw new ConfigurationError({
        subject: `${path}: resources.directives`,
        found: '--gres beside resources.gpus',
        expected: 'one of the two',
      });
    }
    if (TAKEN.includes(name)) {
      throw new ConfigurationError({
        subject: `${path}: resources.directives`,
        found: `--${name}, which the script sets itself`,
        remedy: 'expected another option of sbatch',
      });
    }
    lines.push(directive(name, value));
  }
  return lines;
}
