import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a file of DeepOBS 1.2.0-beta says; every key can be replaced, and left out by undefined. */
export function deepobsContent(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const accuracy = Number(changes.accuracy ?? 0.75);
  const { accuracy: _, ...others } = changes;
  return {
    testproblem: 'fmnist_2c2d',
    batch_size: 128,
    num_epochs: 2,
    random_seed: 42,
    weight_decay: null,
    optimizer_name: 'SGD',
    optimizer_hyperparams: { lr: 0.1 },
    training_params: {},
    train_losses: [2.25, 1.5, 1.25],
    valid_losses: [2.25, 1.5, 1.25],
    test_losses: [2.25, 1.5, 1.25],
    minibatch_train_losses: [2.25, 1.5, 1.25, 0.5],
    train_accuracies: [0.125, 0.5, accuracy],
    valid_accuracies: [0.125, 0.5, accuracy],
    test_accuracies: [0.125, 0.5, accuracy],
    ...others,
  };
}

/**
 * The text as Python's json.dump(…, indent=4) writes it, for contents whose numbers are written alike: floats with a
 * fraction, and the texts 'NaN', 'Infinity' and '-Infinity' as bare tokens.
 */
export function pythonText(content: unknown): string {
  return JSON.stringify(content, null, 4).replace(/"(NaN|-?Infinity)"/g, '$1');
}

/** Writes a file below the folder and returns its path. */
export async function put(folder: string, name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : pythonText(content));
  return path;
}

/** `<testproblem>/<optimizer>/<setting>/random_seed__<seed>__<day>-00-00-00.json`. */
export function place(
  testproblem: string,
  optimizer: string,
  seed = 42,
  setting = 'lr__1.e-01',
  day = '2020-01-01',
): string {
  return `${testproblem}/${optimizer}/num_epochs__2__batch_size__128__${setting}/random_seed__${seed}__${day}-00-00-00.json`;
}
