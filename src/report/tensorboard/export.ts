import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quantitiesOfRun } from '../../analysis/index.js';
import { OutputError } from '../../errors.js';
import { makeFolders } from '../../make-folders.js';
import { outputOptions, reasonOf } from '../../results/atomic-file.js';
import { metricsOf, type RecordedRun, writeFileAtomic } from '../../results/index.js';
import { LATER_KEYS } from '../../run-options/index.js';
import { option } from '../../words.js';
import { type ReadRun, readRuns } from '../long-form/read-run.js';
import { settingId } from '../long-form/run-rows.js';
import { fileVersion, hyperparameters, scalar, sessionEnd, text } from './events.js';
import { runFolder } from './run-folder.js';
import { curveTag, eventTag, MINIBATCH_TAG, quantityTag } from './tags.js';

/** What was written, and what could not be read, one line each. */
export interface EventExport {
  readonly files: readonly string[];
  readonly runs: number;
  readonly faults: readonly string[];
}

/** Named so that it is written again by the next export of the same runs. */
const FILE_NAME = 'events.out.tfevents.0000000000.probprec-export';

/**
 * Writes an event file for each run, in a folder of its own: curves, minibatch losses, what the optimizer reported, and the
 * hyperparameters. One file is read after the other. Throws OutputError, also where there are event files of others.
 */
export async function exportEvents(paths: readonly string[], folder: string): Promise<EventExport> {
  const files: string[] = [];
  const faults: string[] = [];
  const taken = new Set<string>();
  for await (const read of readRuns(paths, faults)) {
    const name = runFolder({ ...read.run, settingId: settingId(read.run) });
    let own = name;
    for (let repeat = 2; taken.has(own); repeat++) own = `${name} (${repeat})`;
    taken.add(own);
    const file = join(await emptyFolder(join(folder, own)), FILE_NAME);
    await writeFileAtomic(file, Buffer.concat(eventsOf(read)));
    files.push(file);
  }
  return { files, runs: files.length, faults };
}

/** Two files of one run in one folder would be drawn as one, with every value twice. */
async function emptyFolder(folder: string): Promise<string> {
  const names = await makeFolders(folder)
    .then(() => readdir(folder))
    .catch((error: unknown) => {
      throw new OutputError(
        {
          subject: option('output_dir'),
          what: `${folder} cannot be made (${reasonOf(error)})`,
          remedy: 'expected a folder that can be written',
        },
        outputOptions(error),
      );
    });
  const other = names.find((name) => name.includes('tfevents') && name !== FILE_NAME);
  if (other !== undefined) {
    throw new OutputError({
      subject: option('output_dir'),
      what: `${join(folder, other)} is an event file of this run already`,
      remedy: 'expected a folder without, or TensorBoard shows every value twice',
    });
  }
  return folder;
}

function eventsOf({ run, file }: ReadRun): Buffer[] {
  const at = clockOf(run);
  const group = settingId(run);
  const events = [fileVersion(at(0)), hyperparameters(at(0), hparamsOf(run), group)];
  for (const metric of metricsOf(run.curves)) {
    for (const [epoch, value] of (run.curves[metric] ?? []).entries()) {
      events.push(scalar(at(epoch), curveTag(metric), value ?? Number.NaN));
    }
  }
  if (file.kind === 'probprec') {
    const { minibatch_train_losses, train_log_interval, steps_per_epoch } = file.content;
    const perEpoch = Math.ceil(steps_per_epoch / train_log_interval);
    for (const [index, value] of minibatch_train_losses.entries()) {
      const step = (index % perEpoch) * train_log_interval;
      events.push(scalar(at(Math.floor(index / perEpoch), step), MINIBATCH_TAG, value ?? Number.NaN));
    }
    const { points, events: marks } = quantitiesOfRun(file.content);
    for (const point of points) {
      events.push(scalar(at(point.epoch), quantityTag(point), point.value ?? Number.NaN));
    }
    for (const mark of marks) events.push(text(at(mark.epoch), eventTag(mark), mark.reason || mark.event));
  }
  events.push(sessionEnd(at(run.status.epoch), run.status.state));
  return events;
}

/** The moment of an epoch and a step in it: start of the run plus seconds of training; without steps, epochs count as steps. */
function clockOf({ startedAt, timing, stepsPerEpoch }: RecordedRun) {
  const start = Date.parse(startedAt);
  const sums = [0];
  for (const seconds of timing?.wallSeconds ?? []) sums.push((sums.at(-1) ?? 0) + seconds);
  return (epoch: number, step = 0) => {
    const within = epoch + step / (stepsPerEpoch ?? 1);
    const whole = Math.min(Math.floor(within), sums.length - 1);
    const [before = 0, after = before] = sums.slice(whole, whole + 2);
    const elapsed = before + (within - whole) * (after - before);
    return {
      time: (Number.isNaN(start) ? 0 : start / 1000) + elapsed,
      step: Math.min(Number.MAX_SAFE_INTEGER, Math.round(within * (stepsPerEpoch ?? 1))),
    };
  };
}

function hparamsOf(run: RecordedRun): RecordedRun['hyperparameters'] {
  const { testproblem, optimizer, batchSize, numEpochs, l2InForce, conditions } = run;
  return {
    testproblem,
    ...Object.fromEntries(LATER_KEYS.map((key) => [key, conditions[key] ?? null])),
    optimizer,
    batch_size: batchSize,
    num_epochs: numEpochs,
    l2_reg: l2InForce,
    ...run.hyperparameters,
  };
}
