import { describe, expect, test } from 'vitest';
import * as t from '../../src/tensor/index.js';
import * as p from '../../src/testproblem/index.js';

const common = {
  name: 'small',
  description: '',
  dataset: 'none',
  defaults: { batchSize: 2, numEpochs: 1 },
  initial: { weights: p.constantValue(0.5), biases: p.constantValue(0) },
  loss: p.softmaxCrossEntropy(),
};
const block = (filters: number) =>
  p.numbered(
    'block',
    p.residual(
      p.sequential([p.conv2d({ filters, kernel: 3, padding: 'same', bias: false }), p.batchNorm()]),
      p.conv2d({ filters, kernel: 1, padding: 'same', bias: false }),
    ),
  );
const group = (filters: number) => p.numbered('group', p.sequential([block(filters), block(filters)]));
const nested = p.defineTestProblem({
  ...common,
  inputShape: [3, 4, 4],
  network: [
    group(2),
    group(3),
    p.globalAveragePool(),
    p.scoped('head', p.sequential([p.dense(4), p.dropout(0.5), p.dense(3, { output: true })])),
  ],
  groups: (path) => path.split('.')[0] ?? '',
});

describe('names', () => {
  test('are paths that count each kind where it is', () => {
    const names = nested.parameters.map(({ name }) => name);
    expect(names.slice(0, 8)).toEqual([
      'group1.block1.conv1.weight',
      'group1.block1.norm1.gain',
      'group1.block1.norm1.bias',
      'group1.block1.shortcut.conv1.weight',
      'group1.block2.conv1.weight',
      'group1.block2.norm1.gain',
      'group1.block2.norm1.bias',
      'group1.block2.shortcut.conv1.weight',
    ]);
    expect(names.slice(-4)).toEqual([
      'head.dense1.weight',
      'head.dense1.bias',
      'head.dense2.weight',
      'head.dense2.bias',
    ]);
    expect(nested.build(2).states.map(({ name }) => name)).toContain('group2.block1.norm1.variance');
    expect(nested.build(2).noises.map(({ name }) => name)).toEqual(['head.dropout1.mask']);
  });

  test('do not depend on the batch size or the mode', () => {
    const inputsOf = (batchSize: number, mode: p.Mode) =>
      nested.build(batchSize, { mode }).parameters.map(({ attributes }) => attributes.name);
    expect(inputsOf(7, 'eval')).toEqual(inputsOf(2, 'train'));
    expect(inputsOf(1, 'eval')).toEqual(nested.parameters.map(({ name }) => `parameter/${name}`));
  });

  test('give the groups by the path of the layer', () => {
    expect([...new Set(nested.parameters.map((parameter) => parameter.group))]).toEqual(['group1', 'group2', 'head']);
  });

  test('may be used once', () => {
    const twice = (scope: p.Scope) => {
      const options = { kind: 'matrix' } as const;
      return [1, 2].map(() => scope.child('layer').parameter('weight', [2], p.constantValue(1), options));
    };
    expect(() => p.traceModel(twice, { mode: 'train' })).toThrow(/^a network declares layer.weight twice/);
  });
});

describe('parameters', () => {
  test('have kinds, and the L2 term has all but biases and gains', () => {
    const network = [
      p.embedding(7, 2),
      p.lstm(2),
      p.perPosition(p.dense(3)),
      p.flatten(),
      p.dense(2, { output: true }),
    ];
    const { parameters } = p.defineTestProblem({ ...common, inputShape: [3], inputType: 'int', network });
    const kinds = Object.fromEntries([...parameters, ...nested.parameters].map(({ name, kind }) => [name, kind]));
    expect(kinds).toMatchObject({
      'embedding1.weight': 'embedding',
      'lstm1.hidden.weight': 'matrix',
      'lstm1.hidden.bias': 'bias',
      'dense1.weight': 'matrix',
      'dense2.weight': 'output',
      'group1.block1.conv1.weight': 'kernel',
      'group1.block1.norm1.gain': 'gain',
    });
    for (const { name, kind, regularised } of [...parameters, ...nested.parameters]) {
      expect(regularised, name).toBe(kind !== 'bias' && kind !== 'gain');
    }
  });

  test('take the initialiser of their layer before the test problem’s', () => {
    const { initialParameters } = p.defineTestProblem({
      ...common,
      inputShape: [2],
      network: [p.dense(2, { weight: p.constantValue(3) }), p.dense(2)],
    });
    expect(initialParameters(1).map((values) => values[0])).toEqual([3, 0, 0.5, 0]);
  });

  test('without any initialiser start as PyTorch’s, and are an error where PyTorch has none', () => {
    const { initial: _, ...without } = common;
    const { initialParameters, init } = p.defineTestProblem({ ...without, inputShape: [4], network: [p.dense(50)] });
    const [weights = []] = initialParameters(1);
    expect(Math.max(...weights)).toBeGreaterThan(0.45);
    expect(Math.max(...weights)).toBeLessThanOrEqual(0.5);
    expect(init).toBeNull();
    const own: p.Layer = (scope, x) => t.matmul(x, scope.parameter('w', [2, 2], undefined, { kind: 'matrix' }));
    expect(() => p.defineTestProblem({ ...without, inputShape: [2], network: [own] })).toThrow(
      /^parameter w has no initialiser; give its layer one, or state one for kind matrix in the test problem$/,
    );
  });

  test('that depend on the batch size or on the mode are an error', () => {
    const ofBatch: p.Layer = (scope, x) =>
      t.multiply(x, scope.parameter('factors', x.shape, p.constantValue(1), { kind: 'gain' }));
    const problem = p.defineTestProblem({ ...common, inputShape: [2], network: [ofBatch] });
    expect(() => problem.build(3)).toThrow(
      /^parameter factors: found shape \[3, 2\] here and shape \[2, 2\] in training/,
    );
    const ofEvaluation: p.Layer = (scope, x) =>
      scope.mode === 'train' ? p.dense(2)(scope, x) : p.dense(2)(scope.child('other'), x);
    const other = p.defineTestProblem({ ...common, inputShape: [2], network: [ofEvaluation] });
    expect(() => other.build(2, { mode: 'eval' })).toThrow(
      /^parameter other\.dense1\.weight: .* and nothing in training/,
    );
  });

  test('there must be at least one', () => {
    expect(() => p.defineTestProblem({ ...common, inputShape: [2], network: [p.tanh()] })).toThrow(
      /^small: found no parameters to train$/,
    );
  });
});

describe('a model', () => {
  const twoHeads = p.defineTestProblem({
    ...common,
    inputShape: [3],
    model: (scope, { inputs, labels }) => {
      const logits = p.scoped('classes', p.dense(4))(scope, inputs);
      const copy = p.scoped('copy', p.dense(3))(scope, inputs);
      const entropy = t.mean(t.softmaxCrossEntropy(logits, labels));
      const error = t.mean(p.squaredErrors(copy, inputs));
      return { loss: scope.mode === 'train' ? t.add(entropy, error) : entropy, metrics: { entropy, error } };
    },
  });

  test('may have two heads, a loss that sees the inputs, and metrics', () => {
    expect(twoHeads).toMatchObject({ hasLabels: true, hasAccuracy: false, parameterCount: 28 });
    expect(Object.keys(twoHeads.build(5).metrics)).toEqual(['entropy', 'error']);
  });

  test('may leave out in evaluation what only training needs', () => {
    const inputsOf = (mode: p.Mode) => [...t.program({ loss: twoHeads.build(5, { mode }).loss }).inputs.keys()];
    expect(inputsOf('train')).toContain('parameter/copy.dense1.weight');
    expect(inputsOf('eval')).not.toContain('parameter/copy.dense1.weight');
  });

  test('without labels does not ask for them', () => {
    const model: p.ModelDefinition['model'] = (scope, { inputs }) => ({ loss: t.mean(p.dense(1)(scope, inputs)) });
    expect(p.defineTestProblem({ ...common, inputShape: [3], model }).hasLabels).toBe(false);
  });
});

describe('states', () => {
  const { states, nextStates } = nested.build(4);

  test('have initial values and change in training', () => {
    const variance = states.find(({ name }) => name === 'group1.block1.norm1.variance');
    expect(variance).toMatchObject({ shape: [2], dtype: 'float', per: 'run', initial: Float32Array.of(1, 1) });
    expect(Object.keys(nextStates).toSorted()).toEqual(states.map(({ name }) => name).toSorted());
  });

  test('of a run stay in evaluation, whatever a layer sets; states of a pass go on', () => {
    const counting = (per: 'run' | 'pass'): p.Layer => {
      return (scope, x) => {
        const count = scope.state(per, [], 0, { per });
        count.set(t.add(count.value, 1));
        return p.dense(2)(scope, x);
      };
    };
    const problem = p.defineTestProblem({ ...common, inputShape: [2], network: [counting('run'), counting('pass')] });
    expect(Object.keys(problem.build(2, { mode: 'train' }).nextStates)).toEqual(['run', 'pass']);
    expect(Object.keys(problem.build(2, { mode: 'eval' }).nextStates)).toEqual(['pass']);
  });

  test('whose next value has another shape are an error', () => {
    const wrong = (scope: p.Scope) => scope.state('sum', [2], 0).set(t.constant(1));
    expect(() => p.traceModel(wrong, { mode: 'train' })).toThrow(
      /^state sum: its next value has shape \[\], expected \[2\]$/,
    );
  });

  test('of a single value per channel are an error in training, not in evaluation', () => {
    const problem = p.defineTestProblem({ ...common, inputShape: [3], network: [p.batchNorm(), p.dense(2)] });
    expect(() => problem.build(1)).toThrow(
      /^batchNorm: found 1 value for each channel in a batch \[1,3\], expected at least 2/,
    );
    expect(problem.build(1, { mode: 'eval' }).batchSize).toBe(1);
  });
});

describe('layers that do not fit say so', () => {
  const network =
    (layer: p.Layer, inputShape: t.Shape, inputType: 'float' | 'int' = 'float') =>
    () =>
      p.defineTestProblem({ ...common, inputShape, inputType, network: [layer, p.dense(2)] });
  test.each<[RegExp, () => unknown]>([
    [/^lstm\(3\): the input has shape \[4\], expected \[positions, features\]$/, network(p.lstm(3), [4])],
    [/^selfAttention: .* a multiple of 3$/, network(p.selfAttention({ heads: 3 }), [2, 4])],
    [/^embedding: the input holds fractions, expected integers/, network(p.embedding(3, 2), [4])],
    [/^perPosition: the input has shape \[4\]/, network(p.perPosition(p.dense(2)), [4])],
    [/^meanOverPositions: /, network(p.meanOverPositions(), [4])],
    [/^globalAveragePool: the input has shape \[4\]/, network(p.globalAveragePool(), [4])],
    [/^resizeBilinear: the input has shape \[4\]/, network(p.resizeBilinear({ rows: 2, columns: 2 }), [4])],
    [/^transposedConv2d of 2 filters: /, network(p.transposedConv2d({ filters: 2, kernel: 2, padding: 'same' }), [4])],
    [/^residual: the main path gives shape \[3\] and the shortcut \[4\]/, network(p.residual(p.dense(3)), [4])],
    [/^dropout: found the rate 1, expected a number from 0 to below 1$/, () => p.dropout(1)],
  ])('%s', (message, define) => {
    expect(define).toThrow(message);
  });
});
