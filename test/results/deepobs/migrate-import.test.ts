import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportDeepobs, importDeepobs, parseResultFile, readResults } from '../../../src/results/index.js';
import { deepobsContent, place, put } from './trees.js';

/** Written by `probprec import deepobs` of version 0.1.0 with import version 1, white space taken out. */
const VERSION_1 = {
  variant:
    '{"testproblem":"fmnist_2c2d","batch_size":128,"num_epochs":2,"random_seed":43,"l2_reg":null,"optimizer_name":"SGD_variant","optimizer_hyperparams":{"lr":0.1},"training_params":{},"train_losses":[2.3,0.4,0.4],"valid_losses":[2.3,0.45000000000000007,0.45000000000000007],"test_losses":[2.31,0.5000000000000001,0.5000000000000001],"minibatch_train_losses":[2.3,1,2.3,1],"train_accuracies":[0.1,0.6,0.6],"valid_accuracies":[0.1,0.59,0.59],"test_accuracies":[0.1,0.58,0.58],"import_version":1,"imported_from":{"dialect":"deepobs-1.2-beta","file":"random_seed__43__2020-01-02-00-00-00.json","sha256":"c987210ec2de962d4cce0777b62ecbbc89f771ddafbfbeab77328f1e59833f16"},"label":"SGD","integer_hyperparameters":[],"status":{"state":"completed","epoch":2,"step":null,"reason":null},"further":{},"notes":[],"content_digest":"c1b5ea767715c2a07eb0f7e23e63f5505e39299ec2a8d3af29219bf410f2b897"}',
  lists:
    '{"testproblem":"fmnist_2c2d","batch_size":128,"num_epochs":2,"random_seed":42,"l2_reg":null,"optimizer_name":"Adam","optimizer_hyperparams":{"lr":0.001,"betas":"[0.9,0.999]","max_norm":null},"training_params":{},"train_losses":[2.3,0.30000000000000004,0.30000000000000004],"valid_losses":[2.3,0.3500000000000001,0.3500000000000001],"test_losses":[2.31,0.40000000000000013,0.40000000000000013],"minibatch_train_losses":[2.3,1,2.3,1],"train_accuracies":[0.1,0.7,0.7],"valid_accuracies":[0.1,0.69,0.69],"test_accuracies":[0.1,0.6799999999999999,0.6799999999999999],"import_version":1,"imported_from":{"dialect":"deepobs-1.2-beta","file":"random_seed__42__2020-01-02-00-00-00.json","sha256":"d3adf776f031f68dcff84e1ef806587d9e5c4b44763352f91a48537689931183"},"label":"Adam","integer_hyperparameters":[],"status":{"state":"completed","epoch":2,"step":null,"reason":null},"further":{},"notes":[],"content_digest":"219e917cd87ff78d6c13cb89267cfd76de433ce3d0e7972af1c06dec68fda91b"}',
  tensorflow:
    '{"testproblem":"mnist_mlp","batch_size":128,"num_epochs":2,"random_seed":42,"l2_reg":null,"optimizer_name":"MomentumOptimizer","optimizer_hyperparams":{"momentum":0.99,"use_nesterov":false,"lr":0.001},"training_params":{},"train_losses":[2.3,0.5,0.4],"valid_losses":null,"test_losses":[2.3,0.5,null],"minibatch_train_losses":[2.3,1,0.5,0.4],"train_accuracies":[0.1,0.8,0.9],"valid_accuracies":null,"test_accuracies":[0.1,0.8,0.9],"import_version":1,"imported_from":{"dialect":"deepobs-1.1","file":"random_seed__42__2019-02-02-02-02-02.json","sha256":"a6112430bff62005044d0bb820b5a97eee37a9801337837e0d5f0f893852936c"},"label":"MomentumOptimizer","integer_hyperparameters":[],"status":{"state":"diverged","epoch":2,"step":null,"reason":"a recorded loss is not finite; DeepOBS went on"},"further":{"train_log_interval":1},"notes":[],"content_digest":"cb1c32071baa736f834705f91ef29ae8803ce82d174ce1eda89e29c6f13cc29a"}',
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-migrate-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('imported files of version 1', () => {
  test('are read: the label is the stated test problem', async () => {
    for (const [name, text] of Object.entries(VERSION_1)) await put(folder, `random_seed__1__${name}.json`, text);
    const { runs, faults } = await readResults([folder]);
    expect(faults).toEqual([]);
    expect(
      runs.map(({ testproblem, optimizer, hyperparameters, conditions }) => [
        testproblem,
        optimizer,
        hyperparameters,
        conditions.engine,
        conditions.protocol,
      ]),
    ).toEqual([
      ['fmnist_2c2d', 'Adam', { lr: 0.001, betas: [0.9, 0.999], max_norm: null }, 'pytorch', 'deepobs-1.2-beta'],
      ['mnist_mlp', 'Momentum', { momentum: 0.99, use_nesterov: false, lr: 0.001 }, 'tensorflow', 'deepobs-1.1'],
      ['fmnist_2c2d', 'SGD', { lr: 0.1 }, 'pytorch', 'deepobs-1.2-beta'],
    ]);
  });

  test('and exported; a changed one is refused', async () => {
    const path = await put(folder, 'in/random_seed__43__x.json', VERSION_1.variant);
    const { written } = await exportDeepobs([join(folder, 'in')], join(folder, 'out'));
    expect(JSON.parse(await readFile(written[0] ?? '', 'utf8'))).toMatchObject({
      testproblem: 'fmnist_2c2d',
      optimizer_name: 'SGD_variant',
      weight_decay: null,
    });
    const changed = VERSION_1.variant.replace('"random_seed":43', '"random_seed":44');
    expect(() => parseResultFile(path, changed)).toThrow(`${path}: field content_digest: found`);
  });
});

/** The same originals, imported by version 1: what their files say but for the digests of originals made here. */
test('an import of version 1 is renewed in its place, and named where its place was another', async () => {
  const { sealImportedRun } = await import('../../../src/results/deepobs/imported-run.js');
  const { sha256Hex } = await import('../../../src/results/canonical-json.js');
  const data = join(folder, 'data');
  const imported = join(folder, 'imported');
  const asVersion1 = async (original: string, stated: string) => {
    const text = await readFile(original, 'utf8');
    const old = { ...JSON.parse(VERSION_1.variant), testproblem: stated };
    const { content_digest: _, ...rest } = old;
    const content = { ...rest, imported_from: { ...old.imported_from, sha256: sha256Hex(text) } };
    return JSON.stringify(sealImportedRun(content));
  };
  const plain = await put(data, place('fmnist_2c2d', 'SGD'), deepobsContent());
  const variant = await put(data, place('fmnist_2c2d_noinit', 'SGD', 43), deepobsContent({ random_seed: 43 }));
  const inPlace = await put(imported, place('fmnist_2c2d', 'SGD'), await asVersion1(plain, 'fmnist_2c2d'));
  const elsewhere = await put(imported, place('fmnist_2c2d', 'SGD', 43), await asVersion1(variant, 'fmnist_2c2d'));
  const { written, faults, notes } = await importDeepobs([data], imported);
  expect(faults).toEqual([]);
  expect(written).toHaveLength(2);
  expect(JSON.parse(await readFile(inPlace, 'utf8'))).toMatchObject({ import_version: 2 });
  expect(notes).toContainEqual(
    `${variant}: an earlier version imported the file as ${elsewhere}: remove that, or it counts twice`,
  );
});
