import type { Comparison, ComparisonTable } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { seriesKey } from '../figures/series.js';
import type { ReportContent } from './content.js';
import { embeddedJson, Html, html } from './html.js';
import { SCRIPT } from './script.js';

/** More choices than these are folded away. */
const MOST_SHOWN = 16;

/** What a reader can filter: a form that only the page's script shows. */
export function controls({ tables }: Pick<Comparison, 'tables'>): Html {
  const rows = competitors(tables);
  const distinct = (of: (row: (typeof rows)[number]) => string) => [...new Set(rows.map(of))];
  const problems = distinct(({ problem }) => problem);
  const settings = distinct(({ setting }) => setting);
  const metrics = ['test_losses', 'test_accuracies', 'train_losses', 'train_accuracies'];
  return html`<form aria-label="What is shown">
${problems.length > 1 ? choices('problem', 'Test problems', problems) : null}${choices(
  'optimizer',
  'Optimizers',
  distinct(({ optimizer }) => optimizer),
)}${settings.length > 1 ? choices('setting', 'Settings', settings) : null}${choices(
  'metric',
  'Metrics of curves',
  metrics,
  (name) => name.replace('_', ' '),
)}
<fieldset><legend>Vertical axes</legend>${(
    [
      ['drawn', 'as drawn'],
      ['linear', 'linear'],
      ['log', 'logarithmic'],
    ] as const
  ).map(
    ([value, text], index) =>
      html`<label><input type="radio" name="scale" value="${value}"${index === 0 ? html` checked` : null}>${text}</label>`,
  )}</fieldset>
<button type="reset">Show everything</button>
<p class="soft">The address of this page keeps what is filtered. In a figure, the arrow keys go through its values.</p>
</form>
`;
}

function choices(
  name: string,
  title: string,
  values: readonly string[],
  text: (value: string) => string = (value) => value,
): Html {
  const boxes = values.map(
    (value) => html`<label><input type="checkbox" name="${name}" value="${value}" checked>${text(value)}</label>`,
  );
  const body =
    values.length > MOST_SHOWN ? html`<details><summary>all ${values.length}</summary>${boxes}</details>` : boxes;
  return html`<fieldset><legend>${title}</legend>${body}</fieldset>
`;
}

/** The rows of the tables as the filters know them. */
function competitors(tables: readonly ComparisonTable[]) {
  return tables.flatMap((table) =>
    table.rows.map((row) => ({
      problem: printable(table.testproblem),
      key: seriesKey(row, table),
      optimizer: printable(row.originKind === 'baseline' ? `${row.name} (${row.origin})` : row.name),
      setting: printable(row.settingText === '' ? 'defaults' : row.settingText),
    })),
  );
}

/** The page's script, with what it needs: the chart library, inert until a figure needs it, and the rows. */
export function scripts({ library, comparison }: ReportContent): Html {
  // Nothing in the library can end the element.
  const inert = (
    id: string,
    text: string,
  ) => html`<script type="text/plain" id="${id}">${new Html(text.replace(/<\/(script)/gi, '<\\/$1').replaceAll('<!--', '<\\!--'))}</script>
`;
  return html`<script type="application/json" id="competitors">${embeddedJson(competitors(comparison.tables))}</script>
${inert('library-vega', library?.vega ?? '')}${inert('library-vega-lite', library?.vegaLite ?? '')}<script>${new Html(SCRIPT)}</script>`;
}
