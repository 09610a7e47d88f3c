import { join } from 'node:path';
import { bundledBaselinesFolder, readBaselineFiles } from '../analysis/index.js';
import { loadTestProblem, testProblemNames } from '../testproblem/index.js';
import { curvesTable, twoDTable } from './curves-table.js';
import { DEVIATIONS } from './deviations.js';
import { conformanceEntries, thesisStarts } from './entries.js';
import { markdownTable, names } from './markdown.js';
import { measurementsFolder, readMeasured } from './measured.js';
import { STATED } from './stated.js';
import { stepsTable } from './steps-table.js';
import { constantsLine, initialTable, l2Table, lossTable, partsTable, settingsTable } from './tables.js';

/** docs/conformance.md: how far the test problems are DeepOBS' own. Throws FileError for a measurement that cannot be read. */
export async function conformancePage(): Promise<string> {
  const measured = readMeasured(measurementsFolder());
  const files = await readBaselineFiles(join(bundledBaselinesFolder(), 'published'));
  const published = files.filter((file) => file.kind === 'published');
  const entries = await conformanceEntries(measured.beforeTraining, published);
  const lines = [
    '# Conformance: DeepOBS’ test problems, and ours',
    ...paragraph(`Made by \`probprec list testproblems --conformance\`; do not edit. Parameters, sizes, steps and expected terms are
      computed from the definitions when the page is made. What was drawn, measured and trained is stored in \`conformance/\`, and
      made again by the scripts that each section names. "DeepOBS" are its PyTorch line (1.2.0-beta and later), which ours
      follow, and its TensorFlow line (1.1, the version of the paper), which \`--variant tf\` follows where the networks differ.
      A value in **bold** is not DeepOBS’, which stands in brackets.`),
    '## Networks and settings',
    '',
    ...settingsTable(entries),
    '## Data',
    ...paragraph('Training / validation / test examples, and training steps in an epoch.'),
    ...partsTable(entries),
    '## L2 term before training',
    ...paragraph(`½ λ Σ E w² from the layers, worked out by hand to the digits shown, and from our definitions; drawn: mean and
      standard deviation over the seeds 42 to 51, of VGG seed 42 alone.`),
    ...l2Table(entries),
    '## Initial values',
    ...paragraph(`Drawn with seed 42. All weights of a rule together, each divided by the standard deviation that DeepOBS’ rule gives
      for its shape: their scale must be 1, and kurtosis and largest value must be those of the distribution.
      ${constantsLine(entries)} Script: \`scripts/conformance/before-training.mjs\`.`),
    ...initialTable(entries),
    '## Loss before training',
    ...paragraph(`On the real test data, as DeepOBS evaluates them (the last incomplete batch left out). Mean ± standard deviation over
      ten seeds, there and here; all published optimizers of a line start from the same values, so that its runs, 30 of TensorFlow
      and 40 of PyTorch, have ten different starts. Apart: the difference of the means in standard errors (Welch). Between lines
      of a test problem whose networks are alike, images differ: see the deviations. Same script.`),
    ...lossTable(entries, thesisStarts(measured.beforeTraining, published)),
    '## Learning curves',
    ...paragraph(`Trained as DeepOBS 1.1 did: TensorFlow’s variant, its tuned rates, the whole training file, the same order in each
      epoch. Distances from the published mean are in published standard deviations over ten seeds. A deviation estimated from
      ten runs is a rough one: of right runs 0.6 % lie beyond four of it. Script:
      \`scripts/conformance/curves.mjs\`.`),
    ...curvesTable(measured.curves, published),
    ...paragraph(`**DeepOBS 1.1 repeats the order of its first epoch.** Its published losses of quadratic_deep show it: their spread over
      ten seeds is the same at every epoch (SGD: 0.157 to 0.161 from epoch 1 to 100), and Momentum ends at 87.045 ± 0.024. With an
      order of its own for each epoch, as it should be and as a run here has it, Momentum ends at 88.46 ± 0.66, and its spread
      at epoch 5 is 4.5 instead of 0.48. With the order repeated all three curves above agree to the end.`),
    ...paragraph(`Of two_d_… nothing was published. Their runs to the end, 100 epochs, beside those of a second implementation in NumPy and
      float64, which has functions, gradients, update rules and orders of its own: test loss, mean ± standard deviation over 5
      runs here and 40 there. The minima are 0, 0 and 0.397887. Scripts: \`scripts/conformance/curves.mjs\` and
      \`scripts/conformance/two_d.py\`.`),
    ...twoDTable(measured.curves, measured.twoD),
    '## Large networks on a processor',
    ...paragraph(`Twenty steps on synthetic images, at a batch size that a machine of 24 GB has room for. Processor time of a step (median;
      ${measured.steps.machine}), largest resident memory, and what an epoch and a run of the default numbers of images take at that
      rate, in hours and days of one core. A GPU does in minutes what is hours here. Script:
      \`scripts/conformance/steps.mjs\`.`),
    ...(await stepsTable(measured.steps)),
    '## Deviations',
    ...paragraph('Everything known in which a run here is not a run of DeepOBS.'),
    ...deviationsTable(),
    '## Not in DeepOBS',
    ...paragraph("This project's own, or the thesis':"),
    ...(await ownProblems()),
  ];
  return lines
    .flatMap((line, index) => (line.startsWith('## ') && lines[index - 1] !== '' ? ['', line] : [line]))
    .join('\n');
}

/** A paragraph of one line between empty ones. */
function paragraph(text: string): string[] {
  return ['', text.replaceAll(/\s+/g, ' '), ''];
}

function deviationsTable(): string[] {
  return markdownTable(
    ['deviation', 'from', 'there', 'here', 'test problems'],
    DEVIATIONS.map(({ name, from, there, here, testproblems }) => [
      ...[name, from === 'both' ? 'both lines' : `${from} line`, there, here],
      testproblems === 'all' ? 'all' : names(testproblems),
    ]),
  );
}

async function ownProblems(): Promise<string[]> {
  const theirs = STATED.map(({ name }) => name);
  const own = testProblemNames().filter((name) => !theirs.includes(name));
  const problems = await Promise.all(own.map(loadTestProblem));
  return problems.map(({ name, description, parameterCount }) => {
    return `- \`${name}\`: ${description}; ${parameterCount.toLocaleString('en-US')} parameters`;
  });
}
