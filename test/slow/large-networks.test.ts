import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import * as t from '../../src/tensor/index.js';
import { defineTestProblem, loadTestProblem, type TestProblem, vggDefinition } from '../../src/testproblem/index.js';
import { runProgram } from '../oracle/reference-engine.js';
import { BATCH, feedsOf, type LargeFixture, type Summary, summary } from '../testproblem/pytorch/large.js';

/** Written by pytorch/large.py with PyTorch 1.13 in float64: each network on one batch of 4, L2 term included. */
const fixtures: Readonly<Record<string, LargeFixture>> = JSON.parse(
  readFileSync(new URL('../testproblem/pytorch/large.json', import.meta.url), 'utf8'),
);

/** The VGG network of a test problem with an eighth of its filters and units. */
function narrow({ name, description, dataset, inputShape, classes }: TestProblem): TestProblem {
  const definition = vggDefinition({ depth: name.endsWith('16') ? 16 : 19, classes: classes ?? 0, narrower: 8 });
  return defineTestProblem({ name, description, dataset, inputShape, ...definition });
}

async function subjectOf(title: string, { images }: LargeFixture) {
  const [name = '', ...words] = title.split(' ');
  const published = await loadTestProblem(name);
  const whole = words.includes('narrow') ? narrow(published) : published;
  const problem = whole.choose(words.includes('tf') ? { variant: 'tf' } : {});
  const { loss, parameters, nextStates } = problem.build(BATCH, { l2Reg: problem.defaults.l2Reg ?? 0 });
  const gradient = t.gradients(loss, parameters);
  const vectors = problem.parameters.map((own) => t.input(`vector/${own.name}`, own.shape));
  const product = t.hessianVectorProduct(gradient, parameters, vectors);
  const named = (kind: string, tensors: readonly t.Tensor[]) =>
    Object.fromEntries(tensors.map((tensor, index) => [`${kind}/${problem.parameters[index]?.name}`, tensor]));
  const states = Object.fromEntries(Object.entries(nextStates).map(([own, tensor]) => [`states/${own}`, tensor]));
  const outputs = { loss, ...named('gradient', gradient), ...named('product', product), ...states };
  return { problem, subject: t.program(outputs), feeds: feedsOf(problem, images) };
}

type Results = Readonly<Record<string, ArrayLike<number>>>;

/** The largest deviation, relative to the norm of all gradients, or products, or to a state's own. */
function largestDeviation(fixture: LargeFixture, names: readonly string[], found: Results): number {
  const deviations = [Math.abs((found.loss?.[0] ?? Number.NaN) - fixture.loss) / Math.abs(fixture.loss)];
  const compare = (kind: string, expected: Readonly<Record<string, Summary>>, keyOf: (name: string) => number) => {
    const whole = Math.hypot(...Object.values(expected).map(([norm = 0]) => norm));
    for (const [name, values] of Object.entries(expected)) {
      const own = summary(keyOf(name), found[`${kind}/${name}`] ?? []);
      // The product with numbers in ±1 adds up as many roundings as the norm, √(1/3) of it each.
      for (const [place, value] of values.entries()) {
        deviations.push(Math.abs((own[place] ?? Number.NaN) - value) / whole);
      }
    }
  };
  compare('gradient', fixture.gradient, (name) => 5000 + names.indexOf(name));
  compare('product', fixture.product, (name) => 5000 + names.indexOf(name));
  compare('states', fixture.states, () => 5000);
  return Math.max(...deviations.map((value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value)));
}

describe.each(Object.entries(fixtures))('%s', (title, fixture) => {
  const wide = /vgg\d+( tf)?$/.test(title);
  // It would take the plain implementation half an hour; a narrow one has every layer.
  test.skipIf(wide)('has PyTorch’s loss, gradient, Hessian-vector product and states in float64', async () => {
    const { problem, subject, feeds } = await subjectOf(title, fixture);
    const names = problem.parameters.map(({ name }) => name);
    expect(names).toEqual(Object.keys(fixture.gradient));
    const double = Object.entries(feeds).map(([name, values]) => [
      name,
      values instanceof Int32Array ? values : Float64Array.from(values),
    ]);
    const deviation = largestDeviation(fixture, names, runProgram(subject, Object.fromEntries(double)));
    console.log(`${title}: oracle ${deviation.toExponential(1)}`);
    expect(deviation).toBeLessThan(1e-9);
  });

  test('has them with onnxruntime to single precision', async () => {
    const { problem, subject, feeds } = await subjectOf(title, fixture);
    const engine = await openEngine({ engine: 'onnxruntime', threads: 1 });
    try {
      const executable = await engine.compile(subject);
      const uploaded = [...subject.inputs].map(([name, tensor]) => {
        const values = feeds[name];
        if (values === undefined) throw new Error(`nothing to feed ${name} with`);
        return [name, engine.upload(values, tensor.shape)] as const;
      });
      const results = await executable.run(Object.fromEntries(uploaded));
      const found: Record<string, ArrayLike<number>> = {};
      for (const [name, value] of Object.entries(results)) found[name] = await engine.download(value);
      const names = problem.parameters.map(({ name }) => name);
      const deviation = largestDeviation(fixture, names, found);
      console.log(`${title}: onnxruntime ${deviation.toExponential(1)}`);
      // With the published widths of VGG a few of millions of ReLUs and maxima turn by a rounding, as they do in PyTorch.
      expect(deviation).toBeLessThan(wide ? 1e-3 : 1e-4);
    } finally {
      await engine.dispose();
    }
  });
});
