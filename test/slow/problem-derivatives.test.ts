import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.js';
import { type Program, program } from '../../src/tensor/index.js';
import { runProgram } from '../oracle/reference-engine.js';
import { derivativesOf } from '../testproblem/pytorch/models.js';
import { batchSize, problemFeeds, problemNamed, type Summary, summaryOf } from '../testproblem/pytorch/problems.js';

interface Fixture {
  readonly loss: number;
  readonly gradient: Readonly<Record<string, Summary>>;
  readonly product: Readonly<Record<string, Summary>>;
}

/** Written by pytorch/problems.py with PyTorch 1.13 in float64. */
const fixtures: Readonly<Record<string, Fixture>> = JSON.parse(
  readFileSync(new URL('../testproblem/pytorch/problems.json', import.meta.url), 'utf8'),
);

/** What differs between arrays and their summaries by more than `tolerance` of the norm over all parameters. */
function differences(
  fixture: Fixture,
  names: readonly string[],
  found: Readonly<Record<string, ArrayLike<number>>>,
  tolerance: number,
): string[] {
  const faults: string[] = [];
  const loss = found.loss?.[0] ?? Number.NaN;
  if (!(Math.abs(loss - fixture.loss) <= tolerance * Math.abs(fixture.loss))) faults.push(`loss ${loss}`);
  for (const kind of ['gradient', 'product'] as const) {
    const total = Math.hypot(...Object.values(fixture[kind]).map(({ norm }) => norm));
    for (const [key, name] of names.entries()) {
      const expected = fixture[kind][name];
      const values = found[`${kind}/${name}`] ?? [];
      const own = summaryOf(key, values);
      const near = (left: number, right: number | undefined, scale: number) =>
        Math.abs(left - (right ?? Number.NaN)) <= tolerance * scale;
      const fits =
        near(own.norm, expected?.norm, total) &&
        near(own.along, expected?.along, total * Math.sqrt(values.length)) &&
        own.entries.every((entry, place) => near(entry, expected?.entries[place], total));
      if (!fits) faults.push(`${kind} of ${name}: ${JSON.stringify(own)}, expected ${JSON.stringify(expected)}`);
    }
  }
  return faults;
}

describe.each(Object.entries(fixtures))('%s on a batch of 4', (title, fixture) => {
  let subject: Program;
  let names: readonly string[] = [];
  let feeds: Readonly<Record<string, Float64Array | Int32Array>> = {};
  let engine: Engine;
  beforeAll(async () => {
    const problem = await problemNamed(title);
    names = problem.parameters.map(({ name }) => name);
    feeds = problemFeeds(problem);
    subject = program(derivativesOf(problem, batchSize));
    engine = await openEngine({ engine: 'onnxruntime', threads: 1 });
  });
  afterAll(() => engine.dispose());

  test('has PyTorch’s parameters', () => {
    expect(Object.keys(fixture.gradient)).toEqual(names);
  });

  test('has PyTorch’s loss, gradient and Hessian-vector product in float64, to 1e-9', () => {
    expect(differences(fixture, names, runProgram(subject, feeds), 1e-9)).toEqual([]);
  }, 120_000);

  test('has them with onnxruntime, to 1e-4', async () => {
    const values = [...subject.inputs].map(([name, { shape, dtype }]) => {
      const data = feeds[name] ?? [];
      const typed = dtype === 'int' ? Int32Array.from(data) : Float32Array.from(data);
      return [name, engine.upload(typed, shape)] as const;
    });
    const results = await (await engine.compile(subject)).run(Object.fromEntries(values));
    const arrays: Record<string, ArrayLike<number>> = {};
    for (const [name, value] of Object.entries(results)) arrays[name] = await engine.download(value);
    expect(differences(fixture, names, arrays, 1e-4)).toEqual([]);
  }, 120_000);
});
