import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { SettingValue } from '../../results/index.js';
import { frameRecord } from './records.js';

/*
 * The messages of TensorFlow's event.proto, summary.proto and tensor.proto, and of the hparams plugin's plugin_data.proto;
 * the numbers are their fields. Numbers are tensors of doubles, so that no digit is lost, as PyTorch's SummaryWriter writes
 * them with double_precision.
 */

const VARINT = WireType.Varint;
const BYTES = WireType.LengthDelimited;
const DOUBLE = WireType.Bit64;

/** DataType of tensors. */
const DT_FLOAT = 1;
const DT_DOUBLE = 2;
const DT_STRING = 7;
/** DataClass of summaries. */
const CLASS_SCALAR = 1;
const CLASS_TENSOR = 2;

/** When and at which step something happened. */
export interface Moment {
  /** Seconds since 1970. */
  readonly time: number;
  /** Steps of the whole training that were done; 0 before it. */
  readonly step: number;
}

/** The first record of every file. */
export function fileVersion({ time }: Pick<Moment, 'time'>): Buffer {
  return event({ time, step: 0 }, (message) => message.tag(3, BYTES).string('brain.Event:2'));
}

/** A new session of one run: a reader that has seen later steps of an earlier session forgets them. */
export function sessionStart(moment: Moment): Buffer {
  return event(moment, (message) => message.tag(7, BYTES).fork().tag(1, VARINT).int32(1).join());
}

/** A number under a name. */
export function scalar(moment: Moment, name: string, value: number): Buffer {
  return event(moment, (message) =>
    summary(message, name, { plugin: 'scalars', dataClass: CLASS_SCALAR }, (content) =>
      tensor(content, DT_DOUBLE).tag(6, BYTES).fork().double(value).join().join(),
    ),
  );
}

/** A text under a name. */
export function text(moment: Moment, name: string, value: string): Buffer {
  return event(moment, (message) =>
    summary(message, name, { plugin: 'text', dataClass: CLASS_TENSOR }, (content) =>
      tensor(content, DT_STRING).tag(8, BYTES).bytes(Buffer.from(value, 'utf8')).join(),
    ),
  );
}

/** The hyperparameters of the run in this folder; null is none. Runs of one `group` are repeats of one setting. */
export function hyperparameters(moment: Moment, values: Readonly<Record<string, SettingValue>>, group: string): Buffer {
  return hparams(moment, '_hparams_/session_start_info', (plugin) => {
    plugin.tag(3, BYTES).fork();
    for (const [name, value] of Object.entries(values)) {
      if (value === null) continue;
      const entry = plugin.tag(1, BYTES).fork().tag(1, BYTES).string(name).tag(2, BYTES).fork();
      if (typeof value === 'number') entry.tag(2, DOUBLE).double(value);
      else if (typeof value === 'boolean') entry.tag(4, VARINT).bool(value);
      else entry.tag(3, BYTES).string(typeof value === 'string' ? value : JSON.stringify(value));
      entry.join().join();
    }
    return plugin.tag(4, BYTES).string(group).tag(5, DOUBLE).double(moment.time).join();
  });
}

const STATUS = { completed: 1, diverged: 2, failed: 2, interrupted: 0, pruned: 1 } as const;

/** How the run ended. */
export function sessionEnd(moment: Moment, state: keyof typeof STATUS): Buffer {
  return hparams(moment, '_hparams_/session_end_info', (plugin) =>
    plugin.tag(4, BYTES).fork().tag(1, VARINT).int32(STATUS[state]).tag(2, DOUBLE).double(moment.time).join(),
  );
}

/** The step and the tag of an event; 0 and an empty text where it states none. */
export function placeOf(data: Uint8Array): { readonly step: number; readonly tag: string } {
  const fields = (reader: BinaryReader, wanted: number): BinaryReader | null => {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === wanted && type === BYTES) return new BinaryReader(reader.bytes());
      reader.skip(type, field);
    }
    return null;
  };
  const value = fields(fields(new BinaryReader(data), 5) ?? new BinaryReader(new Uint8Array()), 1);
  const name = value === null || value.len === 0 ? null : firstText(value);
  const reader = new BinaryReader(data);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 2 && type === VARINT) return { step: Number(reader.int64()), tag: name ?? '' };
    reader.skip(type, field);
  }
  return { step: 0, tag: name ?? '' };
}

function firstText(reader: BinaryReader): string {
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === BYTES) return reader.string();
    reader.skip(type, field);
  }
  return '';
}

type Write = (message: BinaryWriter) => BinaryWriter;

function event({ time, step }: Moment, what: Write): Buffer {
  const message = new BinaryWriter().tag(1, DOUBLE).double(time);
  if (step > 0) message.tag(2, VARINT).int64(step);
  return frameRecord(what(message).finish());
}

function summary(
  message: BinaryWriter,
  name: string,
  { plugin, dataClass, content }: { plugin: string; dataClass: number; content?: Uint8Array },
  value: Write,
): BinaryWriter {
  message.tag(5, BYTES).fork().tag(1, BYTES).fork().tag(1, BYTES).string(name);
  message.tag(9, BYTES).fork().tag(1, BYTES).fork().tag(1, BYTES).string(plugin);
  if (content !== undefined) message.tag(2, BYTES).bytes(content);
  message.join().tag(4, VARINT).int32(dataClass).join();
  return value(message).join().join();
}

/** The beginning of a tensor without dimensions; the caller adds its value and ends it. */
function tensor(content: BinaryWriter, type: number): BinaryWriter {
  return content.tag(8, BYTES).fork().tag(1, VARINT).int32(type).tag(2, BYTES).fork().join();
}

/** A message of the plugin; it has metadata only, and a null tensor because a summary needs a value. */
function hparams(moment: Moment, name: string, what: Write): Buffer {
  const content = what(new BinaryWriter().tag(1, VARINT).int32(0)).finish();
  return event(moment, (message) =>
    summary(message, name, { plugin: 'hparams', dataClass: CLASS_TENSOR, content }, (value) =>
      tensor(value, DT_FLOAT).tag(5, BYTES).fork().float(0).join().join(),
    ),
  );
}
