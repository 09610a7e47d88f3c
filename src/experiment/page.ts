import { figureHtml } from '../report/page/figures.js';
import { type Html, html, htmlDocument, htmlTable } from '../report/page/html.js';
import { STYLE } from '../report/page/style.js';
import { type Agreement, BAND } from './agreement.js';
import type { Experiment, ResultPart, Scale } from './experiment.js';
import { fourDigits } from './words.js';

/** What a page of an experiment is made of. */
export interface ExperimentPage {
  readonly experiment: Pick<Experiment, 'name' | 'title' | 'source' | 'question' | 'differences'>;
  readonly scale: Scale;
  readonly parts: readonly ResultPart[];
  /** How far the runs are, engine and data, a line each. */
  readonly progress: readonly string[];
  /** Commands that repeat the experiment. */
  readonly commands: readonly string[];
  readonly version: string;
}

/** Two figures side by side where there is room, each as wide as its column. */
const PAIR = `
body{max-width:84rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(30rem,100%),1fr));gap:0 1.5rem}
.pair .drawing svg{min-width:0}
`;
const WIDTH = 560;

/** One page: the question, our figures beside the published ones, how far they agree, and how to repeat it. */
export async function experimentPage(content: ExperimentPage): Promise<string> {
  const { experiment, scale, parts, progress, commands, version } = content;
  const sections: Html[] = [];
  for (const [index, part] of parts.entries()) sections.push(await section(part, index));
  const findings = parts.flatMap((part) => part.findings);
  const body = html`<header><h1>${experiment.title}</h1>
<p>${experiment.question}</p>
<p class="soft">After ${experiment.source}. Scale: ${scale}. Made by probprec ${version}.</p></header>
<main>
<section id="state"><h2>What was run</h2><ul>${progress.map((line) => html`<li>${line}</li>`)}</ul></section>
<section id="findings"><h2>What the numbers say</h2>${
    findings.length === 0
      ? html`<p>No results yet to compare with the published figures.</p>`
      : html`<ul>${findings.map((sentence) => html`<li>${sentence}</li>`)}</ul>`
  }</section>
${sections}
<section id="differences"><h2>What is different from the publication</h2><ul>${experiment.differences(scale).map((line) => html`<li>${line}</li>`)}</ul></section>
<section id="repeat"><h2>How to repeat it</h2><pre>${commands.map(
    (command) => html`${command}
`,
  )}</pre></section>
</main>`;
  return htmlDocument({ title: experiment.title, version, style: STYLE + PAIR, scripted: false, body });
}

async function section(part: ResultPart, index: number): Promise<Html> {
  const id = `part-${index + 1}`;
  const drawn = async (figure: ResultPart['ours'], name: string) =>
    figure === null || figure.records.length === 0
      ? html`<p class="soft">Nothing has been measured yet.</p>`
      : await figureHtml(figure, `${id}-${name}`, { interactive: false, width: WIDTH });
  return html`<section id="${id}"><h2>${part.heading}</h2>
<div class="pair">
<div><h3>Measured here</h3>${await drawn(part.ours, 'ours')}</div>
<div><h3>Published</h3>${await drawn(part.published, 'published')}<p class="soft">The original: ${part.original}</p></div>
</div>
${part.agreement.length === 0 ? null : agreementTable(part.agreement)}
</section>
`;
}

function agreementTable(rows: readonly Agreement[]): Html {
  return htmlTable({
    caption: `Our mean and the published mean ± ${BAND} standard deviations, at every epoch recorded in both`,
    head: [
      'optimizer',
      'metric',
      'points inside',
      'farthest (standard deviations)',
      'at epoch',
      'ours at the end',
      '95 % interval',
      'n',
      'published there',
      'n',
    ],
    rows: rows.map(({ panel, key, compared, inside, largest, last }) => ({
      cells: [
        key,
        panel.split(' ').at(-1) ?? panel,
        `${inside} of ${compared}`,
        largest === null ? '-' : fourDigits(largest.deviations),
        largest?.x ?? '-',
        last === null ? '-' : fourDigits(last.ours.value),
        last === null || last.ours.low === null || last.ours.high === null
          ? '-'
          : `${fourDigits(last.ours.low)} to ${fourDigits(last.ours.high)}`,
        last?.ours.n ?? '-',
        last === null
          ? '-'
          : `${fourDigits(last.published.value)}${last.published.std === null ? '' : ` ± ${fourDigits(last.published.std)}`}`,
        last?.published.n ?? '-',
      ],
    })),
  });
}
