import { SCHEDULE_KEYS } from '../schedule/index.js';
import type { RunFile } from './schema.js';

/**
 * What the schema and the digest do not see: statements of one run file that contradict each other. One line for each,
 * with field, found and expected.
 */
export function inconsistencies(file: RunFile): string[] {
  const { configuration, status, dataset } = file;
  const faults: string[] = [];
  const expect = (field: string, found: unknown, expected: unknown, why: string) => {
    if (found !== expected) faults.push(`field ${field}: found ${found}, expected ${expected} (${why})`);
  };
  const schedule = configuration.lr_schedule;
  const { lr_sched_epochs = [], lr_sched_factors = [] } = file.training_params;
  expect('training_params.lr_sched_epochs', String(lr_sched_epochs), String(schedule?.epochs ?? ''), 'configuration');
  expect(
    'training_params.lr_sched_factors',
    String(lr_sched_factors),
    String(schedule?.factors ?? ''),
    'configuration',
  );
  for (const key of SCHEDULE_KEYS) {
    const stated = configuration.schedule?.[key] ?? null;
    expect(`training_params.${key}`, String(file.training_params[key] ?? null), String(stated), 'configuration');
  }
  if (dataset.source !== 'generated') {
    expect('dataset.source', dataset.source, configuration.data.source, 'configuration.data');
  }
  expect('dataset.synthetic_size', dataset.synthetic_size, configuration.data.synthetic_size, 'configuration.data');
  expect('environment.engine.name', file.environment.engine.name, configuration.engine.name, 'configuration.engine');
  expect(
    'environment.engine.device',
    file.environment.engine.device,
    configuration.engine.device,
    'configuration.engine',
  );
  const steps = Math.floor(dataset.sizes.train / file.batch_size);
  expect(
    'steps_per_epoch',
    file.steps_per_epoch,
    steps,
    `${dataset.sizes.train} images in batches of ${file.batch_size}`,
  );
  if (file.finished_at < file.started_at) {
    faults.push(`field finished_at: found ${file.finished_at}, expected a time after started_at, ${file.started_at}`);
  }
  const within = (field: string, found: number, most: number, why: string) => {
    if (found > most) faults.push(`field ${field}: found ${found}, expected at most ${most} (${why})`);
  };
  if (status.step !== null) within('status.step', status.step, file.steps_per_epoch, 'steps_per_epoch');
  within('optimizer_log', file.optimizer_log.length, status.epoch + 1, `one entry for each of ${status.epoch} epochs`);
  const epochs = file.resumed.map(({ epoch }) => epoch);
  for (const [index, epoch] of epochs.entries()) {
    const before = epochs[index - 1] ?? 0;
    within(`resumed.${index}.epoch`, epoch, status.epoch, 'status.epoch');
    if (epoch < before)
      faults.push(`field resumed.${index}.epoch: found ${epoch}, expected at least ${before} (monotone)`);
  }
  return [...faults, ...lossFaults(file)];
}

/** A loss that is not finite ends a run: that of a minibatch, or one of an evaluation, so there is at most one of them. */
function lossFaults(file: RunFile): string[] {
  const { status, minibatch_train_losses: losses } = file;
  const index = losses.indexOf(null);
  if (status.state === 'diverged') {
    return status.step === null ? evaluationFaults(file, index) : minibatchFaults(file, status.step, index);
  }
  return index < 0
    ? []
    : [`field minibatch_train_losses.${index}: found null, expected a number (the run is ${status.state})`];
}

/** Diverged at an evaluation: its epoch was trained to the end, and one of its losses is not finite. */
function evaluationFaults(file: RunFile, firstNull: number): string[] {
  const { status, minibatch_train_losses: losses, train_losses, valid_losses, test_losses } = file;
  if (firstNull >= 0) {
    return [
      `field minibatch_train_losses.${firstNull}: found null, expected a number (the run diverged at an evaluation)`,
    ];
  }
  const trained = status.epoch * loggedPerEpoch(file);
  if (losses.length !== trained) {
    return [
      `field minibatch_train_losses: found ${losses.length} entries, expected ${trained} (diverged at the evaluation after epoch ${status.epoch})`,
    ];
  }
  const last = [train_losses, valid_losses, test_losses].map((list) => list.at(-1));
  return last.includes(null)
    ? []
    : [`field status.step: found null, expected the step whose loss was not finite (the last evaluation is finite)`];
}

function minibatchFaults(file: RunFile, step: number, firstNull: number): string[] {
  const { status, minibatch_train_losses: losses, train_log_interval } = file;
  const expected = status.epoch * loggedPerEpoch(file) + Math.floor(step / train_log_interval) + 1;
  if (losses.length !== expected) {
    return [
      `field minibatch_train_losses: found ${losses.length} entries, expected ${expected} (diverged at that step)`,
    ];
  }
  const last = step % train_log_interval === 0 ? expected - 1 : -1;
  return firstNull === last
    ? []
    : [
        `field minibatch_train_losses: found the first null at ${firstNull}, expected ${last < 0 ? 'none' : `it at ${last}`}`,
      ];
}

function loggedPerEpoch({ steps_per_epoch, train_log_interval }: RunFile): number {
  return Math.ceil(steps_per_epoch / train_log_interval);
}
