import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Comparison } from '../../analysis/index.js';
import { type ExitCode, FileError, OutputError } from '../../errors.js';
import { readRegularFile } from '../../regular-file.js';
import { printable } from '../../report/escape.js';
import {
  COMPARISON_FIGURES,
  type ComparisonFigure,
  CURVATURE_FIGURES,
  type CurvatureFigure,
  type Figure,
  type FigureOptions,
  measuredRuntime,
  NEEDED,
  NEEDED_CURVATURE,
  quantities,
} from '../../report/figures/index.js';
import { FIGURE_FORMATS, type FigureFormat, figureCsv, figureFile } from '../../report/figures/rendering/files.js';
import { toTikz } from '../../report/figures/rendering/tikz/tikz.js';
import { readRunDetails } from '../../report/page/run-details.js';
import { writeFileAtomic } from '../../results/index.js';
import { reasonUnread } from '../../system-reasons.js';
import { UsageError } from '../failure.js';
import { quoted } from '../option-values.js';
import type { PLOT_KINDS, PlotCommandOptions } from '../report-options.js';
import type { Terminal } from '../terminal.js';
import { readComparison } from './compare.js';
import { curvatureReport } from './curvature-file.js';
import { runtimeReport } from './runtime-file.js';

/** Draws a figure into a file; returns 1 when there is nothing to draw or a result file could not be read. */
export async function plot(
  kind: (typeof PLOT_KINDS)[number],
  paths: readonly string[],
  options: PlotCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const format = formatOf(options);
  const tikzData = format === 'tikz' ? tikzDataFile(options) : null;
  const found = await figureOf(kind, paths, options, terminal);
  if (found === null) return 1;
  const { figure, faults } = found;
  if (figure.records.length === 0) {
    terminal.line(
      `probprec: plot ${kind}: nothing to draw; it needs ${isOfCurvature(kind) ? NEEDED_CURVATURE[kind] : NEEDED[kind]}`,
    );
    return 1;
  }
  const { width, fontSize, dpi, outlines = false } = options;
  if (format === 'tikz') {
    await writeTikz(figure, tikzData ?? '', options);
  } else {
    await writeFileAtomic(options.output, await figureFile(figure, format, { width, fontSize, dpi, outlines }));
  }
  terminal.result(options.output);
  if (tikzData !== null) terminal.result(tikzData);
  if (options.data !== undefined) {
    await writeFileAtomic(options.data, figureCsv(figure));
    terminal.result(options.data);
  }
  // The caption of a paper has all conditions; a file of a picture has none.
  for (const line of [figure.title, ...figure.caption]) terminal.line(printable(line));
  return faults > 0 ? 1 : 0;
}

/** The format that is named, else that of the file's ending. */
function formatOf({ output, format }: PlotCommandOptions): FigureFormat | 'tikz' {
  const ending = extname(output).slice(1).toLowerCase();
  const found = format ?? (/^(tex|tikz)$/.test(ending) ? 'tikz' : FIGURE_FORMATS.find((name) => name === ending));
  if (found !== undefined) return found;
  throw new UsageError({
    subject: '--output',
    found: quoted(output),
    expected: `a name that ends in ${[...FIGURE_FORMATS, 'tex'].map((name) => `.${name}`).join(', ')} (or --format)`,
  });
}

/** Beside a picture for LaTeX its data: `curves.tikz.csv`, a name that no export has. */
function tikzDataFile({ output, data }: PlotCommandOptions): string {
  const file = join(dirname(output), `${basename(output, extname(output))}.tikz.csv`);
  if (!/^[\w .+-]+$/.test(basename(file))) {
    throw new UsageError({
      subject: '--output',
      found: `the name ${quoted(basename(output))}`,
      expected: 'letters, digits, spaces and . _ + - in it, because LaTeX reads the data beside it by that name',
    });
  }
  if (data !== undefined && resolve(data) === resolve(file)) {
    throw new UsageError({
      subject: '--data',
      found: `${quoted(data)}, which has the data of the picture`,
      remedy: 'expected another name',
    });
  }
  return file;
}

/** Above so many numbers LaTeX takes minutes and then more memory than it has. */
const MOST_IN_LATEX = 200_000;

async function writeTikz(
  figure: Figure,
  dataFile: string,
  { output, width, fontSize }: PlotCommandOptions,
): Promise<void> {
  const { tex, csv, size } = await toTikz(figure, { width, fontSize, dataFile: basename(dataFile) });
  if (size > MOST_IN_LATEX) {
    throw new OutputError(
      {
        subject: `plot ${figure.kind}`,
        found: `${size} numbers, more than LaTeX can draw (${MOST_IN_LATEX})`,
        remedy: 'choose fewer with --testproblems, --optimizers, --metrics or --quantities, or write a .pdf',
      },
      { exitCode: 1 },
    );
  }
  await writeFileAtomic(dataFile, csv);
  await writeFileAtomic(output, tex);
}

async function figureOf(
  kind: (typeof PLOT_KINDS)[number],
  paths: readonly string[],
  options: PlotCommandOptions,
  terminal: Terminal,
): Promise<{ figure: Figure; faults: number } | null> {
  const [path] = paths;
  if (isOfCurvature(kind)) {
    if (path === undefined || paths.length > 1) {
      throw new UsageError({
        subject: `plot ${kind}`,
        found: `${paths.length} files`,
        expected: 'one of probprec curvature --json',
      });
    }
    return { figure: CURVATURE_FIGURES[kind](curvatureReport(path, await textOf(path))), faults: 0 };
  }
  if (kind === 'runtime' && path !== undefined && paths.length === 1 && path.endsWith('.json')) {
    const report = runtimeReport(path, await textOf(path));
    if (report !== null) return { figure: measuredRuntime(report), faults: 0 };
  }
  const found = await readComparison(paths, options, terminal, { command: `plot ${kind}`, details: true });
  if (found === null) return null;
  const { comparison, faults } = found;
  return {
    figure: kind === 'quantities' ? await ofQuantities(comparison, options) : ofComparison(kind, comparison, options),
    faults: faults.length,
  };
}

function isOfCurvature(kind: string): kind is CurvatureFigure {
  return Object.hasOwn(CURVATURE_FIGURES, kind);
}

function ofComparison(kind: ComparisonFigure, comparison: Comparison, options: PlotCommandOptions): Figure {
  return COMPARISON_FIGURES[kind](comparison, figureOptions(options));
}

async function ofQuantities(comparison: Comparison, options: PlotCommandOptions): Promise<Figure> {
  const { quantities: runs } = await readRunDetails(comparison);
  const known = [...new Set(runs.flatMap(({ points }) => points.map(({ quantity }) => quantity)))];
  const unknown = options.quantities?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError({
      subject: '--quantities',
      found: quoted(unknown),
      expected: `some of ${known.map(printable).join(', ')}`,
    });
  }
  return quantities(runs, {
    ...figureOptions(options),
    ...(options.quantities === undefined ? {} : { names: options.quantities }),
  });
}

function figureOptions({ metrics, over, centre, band, seeds, scale, x, y }: PlotCommandOptions): FigureOptions {
  return {
    over,
    centre,
    band,
    scale,
    seeds: seeds ?? false,
    ...(metrics === undefined ? {} : { metrics }),
    ...(x === undefined ? {} : { x: x.replaceAll('-', '_') }),
    ...(y === undefined ? {} : { y: y.replaceAll('-', '_') }),
  };
}

/** Bytes; what a measurement prints has a few million. */
const LONGEST_REPORT = 500_000_000;

async function textOf(path: string): Promise<string> {
  try {
    return (await readRegularFile(path, { most: LONGEST_REPORT })).content.toString('utf8');
  } catch (error) {
    throw new FileError(
      {
        subject: path,
        what: `cannot be read (${reasonUnread(error)})`,
        remedy: 'expected a file of probprec runtime --json, of probprec curvature --json, or a run file',
      },
      { cause: error },
    );
  }
}
