import type { RunOption } from './option.js';

const text = { kind: 'text' } as const;
const toggle = { kind: 'switch' } as const;

/** The options of `probprec run` that make no difference to the result. */
export const CONDUCT = {
  threads: {
    part: 'machine',
    group: 'threads',
    takes: { kind: 'whole', least: 1 },
    placeholder: '<n>',
    help: 'threads of the engine',
    otherwise: 'all cores',
  },
  output_dir: {
    part: 'conduct',
    group: 'output folder',
    takes: text,
    placeholder: '<dir>',
    help: 'folder for run files',
    default: 'results',
  },
  data_dir: {
    part: 'conduct',
    group: 'data folder',
    takes: text,
    placeholder: '<dir>',
    help: 'folder of the data sets',
    otherwise: '$PROBPREC_DATA_DIR, else data',
  },
  resume: {
    part: 'conduct',
    group: 'conduct',
    takes: toggle,
    help: 'resume from a checkpoint of the same configuration; this is the default',
    without: 'ignore checkpoints and start from the beginning',
  },
  overwrite: {
    part: 'conduct',
    group: 'conduct',
    takes: toggle,
    help: 'run again even if a completed run file exists',
  },
  resource_check: {
    part: 'conduct',
    group: 'conduct',
    takes: toggle,
    help: '',
    without: 'run even if memory or disk space looks too small',
  },
  log: {
    part: 'conduct',
    group: 'conduct',
    takes: text,
    placeholder: '<where>',
    help: 'log while training: tensorboard:DIR, csv:FILE, jsonl:FILE, or - for JSON lines on stdout; may be repeated',
  },
  keep_parameters: {
    part: 'conduct',
    group: 'conduct',
    takes: { kind: 'word', words: ['epochs', 'end'] },
    placeholder: '<when>',
    help: 'save the parameters beside the run file, at epochs or end; probprec curvature --run reads them (docs/run-file.md)',
  },
  observe: {
    part: 'conduct',
    group: 'conduct',
    takes: text,
    placeholder: '<what>',
    help: 'measure quantities during training, for example lambda_max=every:1epoch; separate several by commas (docs/curvature.md)',
  },
  keep_checkpoint: {
    part: 'conduct',
    group: 'conduct',
    takes: toggle,
    help: 'keep the checkpoint of the last epoch: a run with more --num-epochs continues from it',
  },
  stop_after_epoch: {
    part: 'conduct',
    group: 'conduct',
    takes: { kind: 'whole', least: 0 },
    placeholder: '<n>',
    help: 'stop after this epoch and keep the checkpoint; repeat the command to resume',
  },
  tag: {
    part: 'conduct',
    group: 'conduct',
    takes: text,
    placeholder: '<word,word,...>',
    help: 'words to find the run by, in list runs and --where tag=…',
  },
  note: {
    part: 'conduct',
    group: 'conduct',
    takes: text,
    placeholder: '<text>',
    help: 'a line about the run, for the run file',
  },
  json: {
    part: 'conduct',
    group: 'conduct',
    takes: toggle,
    help: "print the run file's path and a summary as JSON",
  },
  quiet: {
    part: 'conduct',
    group: 'conduct',
    takes: toggle,
    help: 'print no progress',
  },
} as const satisfies Readonly<Record<string, RunOption>>;
