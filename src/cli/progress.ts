import { wrapText } from '../report/layout.js';
import type { RunEvent } from '../run/index.js';
import { formatDuration, progressLine } from './progress-line.js';
import type { Terminal } from './terminal.js';

/** Milliseconds between two updates: of the bar on a screen, of plain lines elsewhere. */
const UPDATE_MS = { screen: 100, plain: 5000 };

type Step = Extract<RunEvent, { type: 'step' }>;
type Evaluation = Extract<RunEvent, { type: 'evaluation' }>;
type Evaluating = Extract<RunEvent, { type: 'evaluating' }>;

/** Shows a run's events: warnings always, the rest unless `quiet`. */
export function progressReporter(terminal: Terminal, quiet: boolean): (event: RunEvent) => void {
  let shownAt = performance.now();
  const say = (text: string) => {
    if (!quiet) terminal.line(text);
  };
  return (event) => {
    switch (event.type) {
      case 'warning':
        return terminal.line(`probprec: warning: ${event.message}`);
      case 'dataset':
      case 'note':
        return say(event.message);
      case 'start':
        return say(describeStart(event));
      case 'compiled':
        return say(`compiled in ${event.seconds.toFixed(1)} s`);
      case 'evaluation':
        shownAt = performance.now();
        return say(terminal.interactive ? evaluationLines(event, terminal.messageWidth) : describeEvaluation(event));
      case 'evaluating':
        if (!quiet) terminal.transient(progressLine(whileEvaluating(event), terminal.messageWidth));
        return;
      case 'step': {
        const now = performance.now();
        if (quiet || now - shownAt < (terminal.interactive ? UPDATE_MS.screen : UPDATE_MS.plain)) return;
        shownAt = now;
        return terminal.interactive
          ? terminal.transient(progressLine(whileTraining(event), terminal.messageWidth))
          : say(describeStep(event));
      }
      case 'keeping':
        return say(
          `keeps parameters: ${counted(event.files, 'file')} of ${(event.bytesEach / 1e6).toFixed(1)} MB, ${((event.files * event.bytesEach) / 1e6).toFixed(1)} MB together`,
        );
      default:
        return;
    }
  };
}

function describeStart(event: Extract<RunEvent, { type: 'start' }>): string {
  const { configuration } = event;
  const { engine } = configuration;
  const lines = [
    `${configuration.testproblem} with ${configuration.optimizer.name}, seed ${configuration.seed}: ${counted(
      configuration.numEpochs,
      'epoch',
    )} of ${counted(event.stepsPerEpoch, 'step')}, batch size ${configuration.batchSize}, ${engine.name} on ${
      engine.device
    }, ${counted(event.threads, 'thread')}`,
  ];
  if (configuration.data.source === 'synthetic') lines.push('training on synthetic data (recorded in the run file)');
  else if (!event.verifiedData) lines.push('the data files differ from the published ones (recorded in the run file)');
  const { resumedFromEpoch: epoch, resumedFromStep: step, stepsPerEpoch } = event;
  if (event.extendsRun !== null) {
    lines.push(`extends the completed run of ${counted(epoch ?? 0, 'epoch')}: ${event.extendsRun}`);
  } else if (epoch !== null) {
    const place = describePlace({ epoch, step, stepsPerEpoch, numEpochs: configuration.numEpochs });
    lines.push(`resumes from the checkpoint of ${place}`);
  }
  return lines.join('\n');
}

/** `epoch 2 of 3` after an epoch, `step 4 of 15 in epoch 3 of 3` within one. */
export function describePlace({ epoch, step, stepsPerEpoch, numEpochs }: Place): string {
  return step === null
    ? `epoch ${epoch} of ${numEpochs}`
    : `step ${step} of ${stepsPerEpoch} in epoch ${epoch + 1} of ${numEpochs}`;
}

/** Finished epochs, and of the one under way its steps. */
interface Place {
  readonly epoch: number;
  readonly step: number | null;
  readonly stepsPerEpoch: number;
  readonly numEpochs: number;
}

function describeEvaluation({ epoch, numEpochs, results, seconds }: Evaluation): string {
  const parts = (['train_eval', 'valid', 'test'] as const).map((phase) => {
    const { loss, accuracy } = results[phase];
    const name = phase === 'train_eval' ? 'train' : phase;
    return `${name} ${significant(loss)}${accuracy === null ? '' : ` (${(100 * accuracy).toFixed(2)} %)`}`;
  });
  return `epoch ${epoch}/${numEpochs}: loss (accuracy) ${parts.join(', ')}; evaluated in ${seconds.toFixed(1)} s`;
}

function describeStep(event: Step): string {
  const note = event.note === null ? '' : `, ${event.note}`;
  return `epoch ${event.epoch}/${event.numEpochs}, step ${event.step}/${event.stepsPerEpoch}, loss ${significant(
    event.loss,
  )}${note}, ${event.stepsPerSecond.toFixed(1)} steps/s, ${formatDuration(event.secondsLeft)} left`;
}

/** The same within the columns of a screen, without what the line before has said. */
function evaluationLines({ epoch, numEpochs, results }: Evaluation, width: number): string {
  const parts = (['train_eval', 'valid', 'test'] as const).map((phase) => {
    const { loss, accuracy } = results[phase];
    return `${PHASES[phase]} ${significant(loss)}${accuracy === null ? '' : ` (${(100 * accuracy).toFixed(2)} %)`}`;
  });
  // A value stays beside its name.
  const text =
    `epoch ${epoch}/${numEpochs}: `.replace(/(?<=h) /, KEPT) +
    parts.map((part) => part.replaceAll(' ', KEPT)).join(', ');
  return wrapText(text, width, '', '  ').join('\n').replaceAll(KEPT, ' ');
}

const KEPT = '\u00a0';
const PHASES = { train_eval: 'train', valid: 'valid', test: 'test' } as const;

function whileTraining({ epoch, numEpochs, step, stepsPerEpoch, loss, secondsLeft, note }: Step) {
  return {
    secondsLeft,
    share: (epoch - 1 + step / Math.max(1, stepsPerEpoch)) / numEpochs,
    place: `epoch ${epoch}/${numEpochs}`,
    details: [`loss ${significant(loss)}`, ...(note === null ? [] : [note])],
  };
}

function whileEvaluating({ epoch, numEpochs, phase, secondsLeft }: Evaluating) {
  return {
    secondsLeft,
    share: numEpochs === 0 ? 0 : epoch / numEpochs,
    // Where there is no room for both, what is being done comes first.
    place: `evaluating ${PHASES[phase]}`,
    details: [`epoch ${epoch}/${numEpochs}`],
  };
}

function significant(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(4) : String(value);
}

/** `1 step`, `2 steps`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
