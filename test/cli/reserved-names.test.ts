import { expect, test } from 'vitest';
import { baselineSettings, bundledBaselinesFolder, readBaselineFiles } from '../../src/analysis/index.js';
import { createProgram } from '../../src/cli/program.js';
import { createTerminal } from '../../src/cli/terminal.js';
import { hyperparameterFault } from '../../src/optimizer/check-hyperparameters.js';
import { loadOptimizer, optimizerNames } from '../../src/optimizer/index.js';
import { nameFault, PUBLISHED_CLASS_NAMES, RESERVED_OPTIONS } from '../../src/optimizer/reserved-names.js';

test('the names that no hyperparameter may have are the options of run', () => {
  const run = createProgram(createTerminal(process)).commands.find((command) => command.name() === 'run');
  const options = run?.options.map(({ long }) => String(long).replace(/^--(no-)?/, '')) ?? [];
  expect([...new Set(options)].sort()).toEqual([...RESERVED_OPTIONS].sort());
});

test('no registered optimizer has a hyperparameter that is an option of run', async () => {
  for (const name of optimizerNames()) {
    const { hyperparameters } = await loadOptimizer(name);
    expect(hyperparameterFault(hyperparameters), name).toBeNull();
  }
});

test('every class name of a bundled baseline is reserved', async () => {
  const definitions = await Promise.all(optimizerNames().map(loadOptimizer));
  const reserved = { names: optimizerNames(), classNames: definitions.map(({ className }) => className) };
  const baselines = await readBaselineFiles(bundledBaselinesFolder());
  const published = baselines.flatMap(baselineSettings).map(({ setting }) => setting.optimizer);
  expect(published.length).toBeGreaterThan(10);
  for (const className of [...published, ...PUBLISHED_CLASS_NAMES, ...reserved.classNames]) {
    for (const written of [className, className.toLowerCase(), className.toUpperCase()]) {
      expect(nameFault({ name: 'mine', className: written }, reserved)?.text).toMatch(/^className: found "/);
    }
  }
  for (const name of reserved.names)
    expect(nameFault({ name, className: 'Mine' }, reserved)?.text).toMatch(/^name: found "/);
  expect(nameFault({ name: 'mine', className: 'Mine' }, reserved)).toBeNull();
});
