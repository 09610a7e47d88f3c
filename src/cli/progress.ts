import type { RunEvent } from '../run/index.js';
import type { Terminal } from './terminal.js';

const BAR = 20;
/** Milliseconds between two updates: of the bar on a screen, of plain lines elsewhere. */
const UPDATE_MS = { screen: 100, plain: 5000 };

type Step = Extract<RunEvent, { type: 'step' }>;
type Evaluation = Extract<RunEvent, { type: 'evaluation' }>;

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
        return say(event.message);
      case 'start':
        return say(describeStart(event));
      case 'compiled':
        return say(`compiled in ${event.seconds.toFixed(1)} s`);
      case 'evaluation':
        shownAt = performance.now();
        return say(describeEvaluation(event));
      case 'step': {
        const now = performance.now();
        if (quiet || now - shownAt < (terminal.interactive ? UPDATE_MS.screen : UPDATE_MS.plain)) return;
        shownAt = now;
        return terminal.interactive
          ? terminal.transient(`${bar(event)} ${describeStep(event)}`)
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
  if (configuration.data.source === 'synthetic') lines.push('the data are synthetic; the run file says so');
  else if (!event.verifiedData)
    lines.push('the data files are not the published ones byte for byte; the run file says so');
  const { resumedFromEpoch: epoch, resumedFromStep: step, stepsPerEpoch } = event;
  if (epoch !== null) {
    const place = describePlace({ epoch, step, stepsPerEpoch, numEpochs: configuration.numEpochs });
    lines.push(`goes on from the checkpoint of ${place}`);
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

function bar({ step, stepsPerEpoch }: Step): string {
  const full = Math.min(BAR, Math.round((BAR * step) / Math.max(1, stepsPerEpoch)));
  return `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}]`;
}

function significant(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(4) : String(value);
}

/** `1 step`, `2 steps`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** Seconds as `12 s`, `3 min 20 s` or `1 h 05 min`; `?` when unknown. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}
