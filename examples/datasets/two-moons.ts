import { defineDataset, type RandomStream, randomStream, type TableValues } from 'probprec';

/** Points on two half circles that reach into each other, with normal noise; the labels take turns. */
function moons(random: RandomStream, count: number): TableValues {
  const inputs = new Float32Array(2 * count);
  const labels = Int32Array.from({ length: count }, (_, index) => index % 2);
  for (const [index, label] of labels.entries()) {
    const angle = Math.PI * random.uniform();
    const [x, y] = label === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
    inputs.set([x + 0.1 * random.normal(), y + 0.1 * random.normal()], 2 * index);
  }
  return { inputs, labels };
}

export default defineDataset({
  name: 'two_moons',
  description: 'points on two half circles',
  shape: [2],
  classes: 2,
  sizes: { train: 800, valid: 100, test: 100 },
  // The same points in every run: from seeds of their own. Without a part `valid` the run's seed draws it from `train`.
  load: () => ({
    train: moons(randomStream(1, 'two moons', 'train'), 900),
    test: moons(randomStream(1, 'two moons', 'test'), 100),
  }),
  synthetic: ({ count, random }) => moons(random, count),
});
