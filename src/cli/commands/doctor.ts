import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { describeMachine, suiteVersion } from '../../results/index.js';
import { dataDirectory } from '../data-dir.js';
import { enginesInWords } from '../engines-in-words.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import { describeDatasetFiles, namesWithFiles } from './data.js';

/** Bytes that an installation with all data sets and some results wants. */
const WANTED_DISK = 2e9;

/** Says what this machine offers and what to do about what is missing. Never fails because something is missing. */
export async function doctor(
  options: { readonly dataDir?: string; readonly json?: boolean; readonly speed?: boolean },
  terminal: Terminal,
): Promise<void> {
  const report = await examine(dataDirectory(options.dataDir), options.speed !== false);
  if (options.json) {
    terminal.result(JSON.stringify(report, null, 2));
    return;
  }
  const { machine, engines, data, disk, advice } = report;
  const gigabytes = (bytes: number | null) => (bytes === null ? 'unknown' : `${(bytes / 1e9).toFixed(1)} GB`);
  const sections = [
    [
      terminal.heading('machine'),
      `probprec ${report.probprec}, Node ${machine.node}, ${machine.platform} ${machine.arch}`,
      `${machine.cpu_model}, ${machine.cores} cores (the default number of threads)`,
      `memory: ${gigabytes(machine.memory_bytes)}, ${gigabytes(machine.memory_free_bytes)} free`,
      `disk: ${gigabytes(disk.free_bytes)} free in the working directory`,
    ],
    [
      terminal.heading('engines'),
      formatTable(
        ['engine', 'device', 'installed', 'usable', 'version', 'GFLOP/s', 'why, and what to do'],
        engines.map((engine) => [
          `${engine.name}${engine.default ? ' (default)' : ''}`,
          engine.device,
          engine.installed ? 'yes' : 'no',
          engine.usable ? 'yes' : 'no',
          engine.version,
          engine.gigaflops === null ? null : Number(engine.gigaflops.toPrecision(3)),
          engine.reason,
        ]),
        { width: terminal.width },
      ),
      ...(engines.some(({ gigaflops }) => gigaflops !== null)
        ? ['GFLOP/s: rough speed of a large matrix product; small networks behave differently']
        : []),
    ],
    [
      terminal.heading(`data sets in ${data.directory}`),
      formatTable(
        ['data set', 'state', 'what'],
        data.datasets.map(({ name, state, summary }) => [name, state, summary]),
        { width: terminal.width },
      ),
    ],
    [terminal.heading('suggestions'), ...(advice.length > 0 ? advice : ['nothing: everything is available'])],
  ];
  terminal.result(sections.map((lines) => lines.join('\n')).join('\n\n'));
}

async function examine(dataDir: string, speed: boolean) {
  const machine = { ...describeMachine(), memory_free_bytes: freemem() };
  const engines = await enginesInWords({ speed });
  const datasets = await Promise.all(namesWithFiles().map((name) => describeDatasetFiles(name, dataDir)));
  const disk = { free_bytes: await freeDisk(process.cwd()) };
  const advice: string[] = [];
  if (!engines.some(({ usable }) => usable)) {
    advice.push(
      'no engine is usable: npm install in the package folder brings onnxruntime-node; see the reasons above',
    );
  }
  for (const { name, state, summary } of datasets) {
    if (state === 'missing' || state === 'incomplete') {
      advice.push(
        `${name} is ${state}: probprec data fetch ${name} downloads it, --data-dir names another folder, --data synthetic needs no files`,
      );
    } else if (state === 'corrupt') {
      advice.push(`${name} is corrupt: delete the file named above, then probprec data fetch ${name}`);
    } else if (state === 'misnamed') {
      advice.push(summary);
    }
  }
  if (disk.free_bytes !== null && disk.free_bytes < WANTED_DISK) {
    advice.push(
      `only ${(disk.free_bytes / 1e9).toFixed(1)} GB of disk are free: the data sets and results want about 2 GB`,
    );
  }
  return { probprec: suiteVersion(), machine, engines, data: { directory: dataDir, datasets }, disk, advice };
}

/** Free bytes of the file system that a folder is on; null when it cannot be found out. */
async function freeDisk(folder: string): Promise<number | null> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
}
