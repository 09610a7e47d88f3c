import { loadOptimizer, loadTestProblem, openEngine, tensor, trainingTask } from '../../dist/src/index.js';
import { simplify } from '../../dist/src/tensor/index.js';

const BATCH = 128;

/** One step of the mode on the test problem, batch 128, and its floating-point operations; see torch_peer.py for the modes. */
export async function makeStep(engine, name, mode) {
  const problem = await loadTestProblem(name);
  const symbolic = problem.build(BATCH, { l2Reg: problem.defaults.l2Reg ?? 0 });
  const pixels = tensor.sizeOf(problem.inputShape);
  const images = Float32Array.from({ length: BATCH * pixels }, () => Math.random());
  const labels = Int32Array.from({ length: BATCH }, () => Math.floor(10 * Math.random()));
  const batch = () => ({
    inputs: engine.upload(images, [BATCH, ...problem.inputShape]),
    labels: engine.upload(labels, [BATCH]),
  });
  const initial = problem.initialParameters(42);
  const initialParameters = problem.parameters.map(({ shape }, index) => engine.upload(initial[index], shape));
  const parameterNames = problem.parameters.map(({ name: parameter }) => parameter);
  if (mode === 'sgd' || mode === 'adam') {
    const optimizer = await loadOptimizer(mode);
    const task = trainingTask(engine, problem, { batchSize: BATCH, stepsPerEpoch: 1 });
    const lr = mode === 'sgd' ? 1e-3 : 1e-4;
    const training = await optimizer.start(task, optimizer.hyperparameters.parse({ lr }));
    await training.beginEpoch(0, 1);
    return { step: () => training.step(batch()), flops: flopsOf(gradientProgram(symbolic)) };
  }
  const parameters = Object.fromEntries(
    parameterNames.map((parameter, index) => [`parameter/${parameter}`, initialParameters[index]]),
  );
  const { loss, accuracy } = symbolic;
  const subject = mode === 'hvp' ? productProgram(symbolic) : tensor.program({ loss, accuracy });
  const executable = await engine.compile(subject);
  let spent = [];
  const step = async () => {
    const results = await executable.run({ ...parameters, ...batch() }, spent);
    await engine.download(results.loss);
    spent = Object.values(results);
  };
  return { step, flops: flopsOf(subject) };
}

/** A product of two square matrices of this size: what the engine reaches at best. */
export async function makeProduct(engine, size) {
  const [a, b] = [tensor.input('a', [size, size]), tensor.input('b', [size, size])];
  const subject = tensor.program({ product: tensor.sum(tensor.matmul(a, b)) });
  const executable = await engine.compile(subject);
  const numbers = () => engine.upload(Float32Array.from({ length: size * size }, Math.random), [size, size]);
  const feeds = { a: numbers(), b: numbers() };
  return { step: () => executable.run(feeds), flops: flopsOf(subject) };
}

/** Multiplications and additions of the matrix products and convolutions of a program. */
function flopsOf(subject) {
  const size = (node) => tensor.sizeOf(node.shape);
  let flops = 0;
  for (const { operation, inputs, shape } of simplify(subject).nodes) {
    const [first, second] = inputs;
    if (operation.name === 'matmul') flops += 2 * Math.sqrt(size(first) * size(second) * tensor.sizeOf(shape));
    if (operation.name === 'conv2d') flops += (2 * tensor.sizeOf(shape) * size(second)) / second.shape[0];
    if (operation.name === 'conv2dInputGradient') flops += (2 * size(first) * size(second)) / second.shape[0];
    if (operation.name === 'conv2dWeightGradient') flops += (2 * size(second) * tensor.sizeOf(shape)) / shape[0];
  }
  return flops;
}

function gradientProgram({ loss, parameters }) {
  const gradient = tensor.gradients(loss, parameters);
  return tensor.program({ loss, ...Object.fromEntries(gradient.map((value, index) => [`g${index}`, value])) });
}

/** Loss, gradient, and the product of the Hessian with the gradient. */
function productProgram({ loss, parameters }) {
  const gradient = tensor.gradients(loss, parameters);
  const product = tensor.hessianVectorProduct(gradient, parameters, gradient.map(tensor.stopGradient));
  const outputs = [
    ...gradient.map((value, index) => [`g${index}`, value]),
    ...product.map((value, index) => [`h${index}`, value]),
  ];
  return tensor.program({ loss, ...Object.fromEntries(outputs) });
}

/** Opens the engine that `run` would use. */
export function openOurs(threads) {
  return openEngine({ threads });
}
