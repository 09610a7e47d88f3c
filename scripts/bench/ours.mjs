import { loadOptimizer, loadTestProblem, openEngine, tensor } from '../../dist/src/index.js';

const BATCH = 128;

/** A function that does one step of the mode on the test problem, batch 128; see torch_peer.py for the modes. */
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
    const groups = problem.parameters.map(({ group }) => group);
    const task = {
      engine,
      problem: symbolic,
      parameterNames,
      groups,
      constants: {},
      initialParameters,
      stepsPerEpoch: 1,
    };
    const lr = mode === 'sgd' ? 1e-3 : 1e-4;
    const training = await optimizer.start(task, optimizer.hyperparameters.parse({ lr }));
    await training.beginEpoch(0, 1);
    return () => training.step(batch());
  }
  const parameters = Object.fromEntries(
    parameterNames.map((parameter, index) => [`parameter/${parameter}`, initialParameters[index]]),
  );
  const executable = await engine.compile(
    mode === 'hvp' ? productProgram(symbolic) : tensor.program({ loss: symbolic.loss, accuracy: symbolic.accuracy }),
  );
  return async () => {
    const { loss } = await executable.run({ ...parameters, ...batch() });
    await engine.download(loss);
  };
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
