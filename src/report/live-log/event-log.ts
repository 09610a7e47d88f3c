import { readdirSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { configurationSetting, type RunConfiguration } from '../../results/index.js';
import { settingId } from '../long-form/run-rows.js';
import { fileVersion, hyperparameters, placeOf, scalar, sessionEnd, sessionStart } from '../tensorboard/events.js';
import { readRecords } from '../tensorboard/records.js';
import { runFolder } from '../tensorboard/run-folder.js';
import { curveOfTag, curveTag, MINIBATCH_TAG, quantityTag } from '../tensorboard/tags.js';
import {
  isEvaluated,
  isKept,
  type LogRow,
  type LogStart,
  type LogWriter,
  MINIBATCH_METRIC,
  type ResumedFrom,
} from './live-log.js';
import { appendToLog, makeLogFolder, readLog, writingLog } from './log-file.js';

/** What TensorBoard takes for its own in a name, and in what order; a later session has a later name. */
const PREFIX = 'events.out.tfevents.';

/**
 * A log as an event file for TensorBoard, in a folder of the run's own. When a run goes on, what an earlier attempt has written
 * beyond its checkpoint is cut off, and a new file tells a TensorBoard that is open to forget it. Throws OutputError.
 */
export function eventLog(folder: string): LogWriter {
  makeLogFolder(folder);
  let path = '';
  let last = { step: 0, time: 0 };
  const append = (records: readonly Buffer[]) => appendToLog(path, Buffer.concat(records));
  return {
    begin: (start) => {
      const own = join(folder, ownFolder(start));
      makeLogFolder(own);
      const earlier = writingLog(own, () => readdirSync(own)).filter((name) => name.startsWith(PREFIX));
      const { resumedFrom, time } = start;
      for (const name of earlier) cutLaterEvents(join(own, name), resumedFrom);
      const seconds = String(Math.floor(time)).padStart(10, '0');
      let number = 0;
      while (earlier.includes(nameOf(seconds, number))) number++;
      path = join(own, nameOf(seconds, number));
      last = { step: stepsDone(resumedFrom), time };
      append([
        fileVersion({ time }),
        // A session purges its own step too, so it begins behind the evaluation that is kept.
        sessionStart({ time, step: resumedFrom === null ? 0 : last.step + (resumedFrom.step === 0 ? 1 : 0) }),
        hyperparameters({ time, step: 0 }, hparamsOf(start.configuration), groupOf(start.configuration)),
      ]);
    },
    add: (rows) => {
      append(rows.map((row) => scalar(row, tagOf(row), row.value ?? Number.NaN)));
      last = rows.at(-1) ?? last;
    },
    end: ({ status }) => append([sessionEnd(last, status)]),
  };
}

function nameOf(seconds: string, number: number): string {
  return `${PREFIX}${seconds}.probprec.${String(number).padStart(4, '0')}`;
}

function ownFolder({ configuration }: LogStart): string {
  const { testproblem, seed, optimizer } = configuration;
  return runFolder({
    testproblem,
    optimizer: optimizer.className,
    hyperparameters: optimizer.hyperparameters,
    settingId: groupOf(configuration),
    seed,
  });
}

/** The same that the export gives to the run's file. */
function groupOf(configuration: RunConfiguration): string {
  const { testproblem, optimizer } = configuration;
  return settingId({ testproblem, optimizer: optimizer.className, setting: configurationSetting(configuration) });
}

function hparamsOf({ testproblem, optimizer, batchSize, numEpochs, l2Reg }: RunConfiguration) {
  return {
    testproblem,
    optimizer: optimizer.className,
    batch_size: batchSize,
    num_epochs: numEpochs,
    l2_reg: l2Reg ?? 0,
    ...optimizer.hyperparameters,
  };
}

function tagOf({ metric, where }: LogRow): string {
  if (metric === MINIBATCH_METRIC) return MINIBATCH_TAG;
  if (isEvaluated(metric) && where === '') return curveTag(metric);
  return quantityTag({ quantity: metric, where });
}

/** Records are in the order in which they were measured: what is behind the first one that is beyond is beyond, too. */
function cutLaterEvents(path: string, resumedFrom: ResumedFrom | null): void {
  if (resumedFrom === null) {
    writingLog(path, () => unlinkSync(path));
    return;
  }
  const file = readLog(path);
  if (file === null) return;
  let kept = 0;
  for (const { start, data } of readRecords(file)) {
    const { step, tag } = placeOf(data);
    const measured = tag !== '' && !tag.startsWith('_hparams_');
    const row = { metric: metricOf(tag), epoch: step / resumedFrom.stepsPerEpoch, step };
    if (tag === END_TAG || (measured && !isKept(row, resumedFrom))) break;
    kept = start + data.length + FRAME;
  }
  if (kept < file.length) writingLog(path, () => truncateSync(path, kept));
}

function stepsDone(resumedFrom: ResumedFrom | null): number {
  return resumedFrom === null ? 0 : resumedFrom.epoch * resumedFrom.stepsPerEpoch + resumedFrom.step;
}

/** What {@link tagOf} made a tag of; of the optimizer's quantities the tag itself. */
function metricOf(tag: string): string {
  if (tag === MINIBATCH_TAG) return MINIBATCH_METRIC;
  return curveOfTag(tag) ?? tag;
}

const END_TAG = '_hparams_/session_end_info';
/** Bytes of a record besides its data. */
const FRAME = 16;
