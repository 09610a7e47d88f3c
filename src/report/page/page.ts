import type { ComparisonTable } from '../../analysis/index.js';
import { groupBy } from '../../group-by.js';
import { comparisonColumns } from '../comparison-columns.js';
import {
  COMPARISON_FIGURES,
  type ComparisonFigure,
  DEFAULT_OPTIONS,
  type Figure,
  quantities,
} from '../figures/index.js';
import { seriesKey } from '../figures/series.js';
import { profileLines } from '../profile-lines.js';
import type { ReportContent, RunFacts } from './content.js';
import { controls, scripts } from './controls.js';
import { figureHtml } from './figures.js';
import { Html, html, htmlDocument, htmlTable } from './html.js';
import { repeatCommands } from './repeat.js';
import { STYLE } from './style.js';

/** The figures of one test problem, in the order of the page. */
const OF_ONE_PROBLEM: readonly ComparisonFigure[] = [
  'grid',
  'finals',
  'differences',
  'sensitivity',
  'heatmap',
  'best-of-k',
  'time-to-target',
];

/** One page that needs nothing else: no network, no other file, and without JavaScript it is complete. */
export async function reportPage(content: ReportContent): Promise<string> {
  const { title, version, comparison, library } = content;
  const { tables } = comparison;
  const interactive = library !== null;
  const problems: Html[] = [];
  for (const [index, table] of tables.entries())
    problems.push(await problemSection(content, table, index, interactive));
  const across = await acrossSection(content, interactive);
  const times = await timesSection(content, interactive);
  const links: [string, string][] = [
    ['what-was-run', 'What was run'],
    ...tables.map((table, index): [string, string] => [problemId(index), `Results: ${headingOf(table, tables)}`]),
    ...(across === null ? [] : [['across', 'Over test problems'] as [string, string]]),
    ['run-times', 'Run times'],
    ['not-completed', 'Runs that did not complete'],
    ['caveats', 'Caveats'],
    ['repeat', 'How to repeat it'],
  ];
  const body = html`<header><h1>${title}</h1>
<p class="soft">Made by probprec ${version}. Intervals are 95 % intervals of the mean over seeds; diverged, interrupted and failed runs are counted and in no mean.</p></header>
<nav aria-label="Contents"><ul>${links.map(([id, text]) => html`<li><a href="#${id}">${text}</a></li>`)}</ul></nav>
${interactive ? controls(comparison) : null}
<main>
<section id="what-was-run"><h2>What was run</h2>${whatWasRun(content)}</section>
${problems}
${across}
${times}
<section id="not-completed"><h2>Runs that did not complete</h2>${notCompleted(content)}</section>
<section id="caveats"><h2>Caveats</h2>${caveats(content)}</section>
<section id="repeat"><h2>How to repeat it</h2>${repeat(content)}</section>
</main>
${interactive ? scripts(content) : null}`;
  return htmlDocument({ title, version, style: STYLE, scripted: true, body });
}

function problemId(index: number): string {
  return `problem-${index + 1}`;
}

/** The test problem, with the conditions where it has several tables. */
function headingOf(table: ComparisonTable, tables: readonly ComparisonTable[]): string {
  const several = tables.filter(({ testproblem }) => testproblem === table.testproblem).length > 1;
  return several ? `${table.testproblem}, ${table.conditions}` : table.testproblem;
}

function whatWasRun({ comparison: { tables }, facts, faults }: ReportContent): Html {
  const rows = tables.flatMap((table) =>
    table.rows.map((row) => ({
      key: seriesKey(row, table),
      problem: table.testproblem,
      cells: [
        table.testproblem,
        row.name,
        row.origin,
        row.settingText || '-',
        row.seeds.join(' '),
        row.engine,
        row.version ?? '-',
      ],
    })),
  );
  const environments = [
    ...groupBy(facts, ({ environment: { engine, ...machine }, suiteVersion, protocolVersion }) =>
      JSON.stringify([
        machine,
        engine.name,
        engine.device,
        engine.version,
        engine.threads,
        suiteVersion,
        protocolVersion,
      ]),
    ).values(),
  ];
  const data = [
    ...groupBy(facts, ({ dataset }) => JSON.stringify([dataset.name, dataset.source, dataset.checksum])).values(),
  ];
  return html`
<ul>${tables.map((table) => html`<li><bdi>${table.testproblem}</bdi>: ${table.conditions}; settings chosen by ${table.selection.metric} (${table.selection.mode})</li>`)}</ul>
${htmlTable({ caption: 'Rows of the results', head: ['test problem', 'optimizer', 'from', 'setting', 'seeds', 'engine', 'version'], rows })}
${
  environments.length === 0
    ? null
    : htmlTable({
        caption: 'Machines and versions',
        head: ['probprec', 'protocol', 'engine', 'threads', 'processor', 'cores', 'system', 'Node', 'runs'],
        rows: environments.flatMap((own) =>
          own[0] === undefined ? [] : [{ cells: environmentCells(own[0], own.length) }],
        ),
      })
}
${
  data.length === 0
    ? null
    : htmlTable({
        caption: 'Data',
        head: ['data set', 'source', 'images in training, validation, test', 'published files', 'checksum', 'runs'],
        rows: data.flatMap((own) => (own[0] === undefined ? [] : [{ cells: dataCells(own[0], own.length) }])),
      })
}
${faults.length === 0 ? null : html`<p>Files that could not be read:</p><ul class="notes">${faults.map((fault) => html`<li>${fault}</li>`)}</ul>`}`;
}

function environmentCells({ suiteVersion, protocolVersion, environment }: RunFacts, runs: number) {
  const { engine, cpu_model: processor, cores, platform, arch, node } = environment;
  return [
    suiteVersion,
    protocolVersion,
    `${engine.name} ${engine.version ?? ''} ${engine.device}`,
    engine.threads,
    processor,
    cores,
    `${platform} ${arch}`,
    node,
    runs,
  ];
}

function dataCells({ dataset }: RunFacts, runs: number) {
  const { name, source, synthetic_size: size, sizes, verified, checksum } = dataset;
  return [
    name,
    size === null ? source : `${source} (${size})`,
    `${sizes.train}, ${sizes.valid}, ${sizes.test}`,
    verified ? 'yes' : 'no',
    checksum,
    runs,
  ];
}

async function problemSection(
  content: ReportContent,
  table: ComparisonTable,
  index: number,
  interactive: boolean,
): Promise<Html> {
  const { title, columns, rows, marked, marking, notes, legend } = comparisonColumns(table);
  const { comparison, quantities: logs } = content;
  const figures: Figure[] = OF_ONE_PROBLEM.map((kind) =>
    COMPARISON_FIGURES[kind]({ ...comparison, tables: [table] }, DEFAULT_OPTIONS),
  );
  const own = logs.filter(({ testproblem }) => testproblem === table.testproblem);
  if (own.length > 0) figures.push(quantities(own, DEFAULT_OPTIONS));
  const drawn: Html[] = [];
  for (const figure of figures) {
    if (figure.records.length > 0)
      drawn.push(await figureHtml(figure, `${problemId(index)}-${figure.kind}`, { interactive }));
  }
  return html`<section id="${problemId(index)}" data-problem="${table.testproblem}"><h2>${headingOf(table, comparison.tables)}</h2>
${htmlTable({
  caption: title,
  head: columns.map((column) => column.title),
  rows: rows.map((cells, place) => ({
    cells,
    key: table.rows[place] === undefined ? '' : seriesKey(table.rows[place], table),
  })),
  best: marked,
})}
<ul class="notes">${[...(marking === null ? [] : [marking]), ...notes, ...legend].map((note) => html`<li>${note}</li>`)}</ul>
${drawn}</section>
`;
}

async function acrossSection({ comparison }: ReportContent, interactive: boolean): Promise<Html | null> {
  if (comparison.tables.length < 2) return null;
  const scores = profileLines(comparison.profiles);
  const drawn: Html[] = [];
  for (const kind of ['matrix', 'profiles'] as const) {
    const figure = COMPARISON_FIGURES[kind](comparison, DEFAULT_OPTIONS);
    if (figure.records.length > 0) drawn.push(await figureHtml(figure, `across-${kind}`, { interactive }));
  }
  return html`<section id="across"><h2>Over test problems</h2>${drawn}
${scores.length === 0 ? null : html`<ul class="notes">${scores.map((line) => html`<li>${line}</li>`)}</ul>`}</section>
`;
}

async function timesSection({ comparison }: ReportContent, interactive: boolean): Promise<Html> {
  const figure = COMPARISON_FIGURES.runtime(comparison, DEFAULT_OPTIONS);
  const body =
    figure.records.length === 0
      ? html`<p>No run has times that can be compared.</p>`
      : html`<p>Training alone, as the runs recorded it; <code>probprec runtime</code> measures properly.</p>${await figureHtml(figure, 'run-times-figure', { interactive })}`;
  return html`<section id="run-times"><h2>Run times</h2>${body}</section>
`;
}

function notCompleted({ comparison: { tables } }: ReportContent): Html {
  const rows = tables.flatMap((table) =>
    table.rows.flatMap((row) =>
      (row.detail?.runs ?? []).flatMap(({ seed, status }) =>
        status.state === 'completed'
          ? []
          : [
              {
                key: seriesKey(row, table),
                problem: table.testproblem,
                cells: [
                  table.testproblem,
                  row.name,
                  row.settingText,
                  seed,
                  status.state,
                  status.epoch,
                  status.step,
                  status.reason,
                ],
              },
            ],
      ),
    ),
  );
  const tried = tables.flatMap((table) =>
    table.rows.flatMap((row) =>
      (row.detail?.tried ?? []).flatMap(({ hyperparameters, counts, chosen }) =>
        chosen || counts.diverged + counts.failed + counts.interrupted + (counts.pruned ?? 0) === 0
          ? []
          : [
              {
                key: seriesKey(row, table),
                problem: table.testproblem,
                cells: [
                  table.testproblem,
                  row.name,
                  Object.entries(hyperparameters)
                    .map(([name, value]) => `${name} ${String(value)}`)
                    .join(', '),
                  counts.completed,
                  counts.diverged,
                  counts.interrupted,
                  counts.failed,
                  counts.pruned ?? 0,
                ],
              },
            ],
      ),
    ),
  );
  return html`${
    rows.length === 0
      ? html`<p>Of the settings shown, every run completed.</p>`
      : htmlTable({
          caption: 'Of the settings shown',
          head: ['test problem', 'optimizer', 'setting', 'seed', 'state', 'epochs done', 'step', 'reason'],
          rows,
        })
  }${
    tried.length === 0
      ? null
      : htmlTable({
          caption: 'Of the other settings that were tried',
          head: ['test problem', 'optimizer', 'setting', 'completed', 'diverged', 'interrupted', 'failed', 'pruned'],
          rows: tried,
        })
  }`;
}

function caveats({ comparison: { tables } }: ReportContent): Html {
  const notes = groupBy(
    tables.flatMap((table) =>
      comparisonColumns(table).notes.map((note) => ({ note, problem: headingOf(table, tables) })),
    ),
    ({ note }) => note,
  );
  if (notes.size === 0) return html`<p>None that the program knows of.</p>`;
  return html`<ul>${[...notes].map(([note, own]) => html`<li>${own.length === tables.length ? null : html`<bdi>${own.map(({ problem }) => problem).join(', ')}</bdi>: `}<bdi>${note}</bdi></li>`)}</ul>`;
}

function repeat({ facts }: ReportContent): Html {
  const commands = repeatCommands(facts);
  if (commands.length === 0)
    return html`<p>These files were not written by probprec and do not contain enough information.</p>`;
  const lines = commands.map(
    ({ optimizer, command }) => command ?? `# ${optimizer}: a value has control characters, which no command can hold`,
  );
  return html`<p>Each line trains the seeds of one setting again, with the version of probprec and the data named above. Times differ; on the same engine, device and number of threads everything else is equal.</p>
<pre tabindex="0"><code>${lines
    .join('\n')
    .split('\n')
    .map((line) => html`${line}${new Html('\n')}`)}</code></pre>`;
}
