import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compare } from '../../src/analysis/index.js';
import { comparisonJson } from '../../src/report/index.js';
import {
  exportDeepobs,
  importDeepobs,
  readResults,
  searchResultFiles,
  validateResultFile,
  writeRunFile,
} from '../../src/results/index.js';
import { deepobsContent, place, put } from './deepobs/trees.js';
import { exampleRunFile } from './example.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-hostile-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const own = JSON.stringify(exampleRunFile());
const theirs = JSON.stringify(deepobsContent());
const nested = `${'['.repeat(3000)}${']'.repeat(3000)}`;

/** What a file may be instead of a run, and what is said of it. */
const BAD: [name: string, content: string | Buffer, said: RegExp][] = [
  ['nested lists in a run file', own.replace('"details":{', `"details":{"a":${nested},`), /nested deeper than 200/],
  ['nested lists in a DeepOBS file', theirs.replace('{', `{"x":${nested},`), /nested deeper than 200/],
  ['an infinite number', theirs.replace('"lr":0.1', '"lr":1e999'), /a number beyond float64/],
  [
    'an infinite L2 factor',
    theirs.replace('"weight_decay":null', '"weight_decay":Infinity'),
    /l2_reg: found Infinity, exp/,
  ],
  [
    'a schedule of texts',
    theirs.replace('"training_params":{}', '"training_params":{"lr_sched_factors":["x"]}'),
    /list of numbers/,
  ],
  [
    'a test problem called __proto__',
    theirs.replace('fmnist_2c2d', '__proto__'),
    /testproblem: found "__proto__", expected another/,
  ],
  ['a key called __proto__', own.replace('"details":{', '"details":{"__proto__":1,'), /the key __proto__/],
  ['a key twice', own.replace('{', '{"random_seed":42,'), /the key "random_seed" twice/],
  ['a byte order mark', `\uFEFF${own}`, /UTF-8 with BOM/],
  ['UTF-16', Buffer.from(`\uFEFF${own}`, 'utf16le'), /text in UTF-16;/],
  ['UTF-16 without mark', Buffer.from(own, 'utf16le'), /UTF-16 without byte order mark/],
  ['bytes that are no text', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x80]), /is no UTF-8 text/],
  ['zeros after a crash', Buffer.alloc(4096), /begins with zero bytes/],
  ['nothing', '', /is empty/],
  ['a bare token in a run file', own.replace('"random_seed":42', '"random_seed":NaN'), /found the bare token NaN/],
  [
    'escapes in a name',
    own.replaceAll('Momentum', '\\u001b[2JPWN'),
    /optimizer_name: found "\\u001b\[2JPWN", expected a name without/,
  ],
  [
    'a reversed name',
    theirs.replace('fmnist_2c2d', 'abc\u202etxt'),
    /found "abc\\u\{202e\}txt", expected a name without control/,
  ],
  [
    'lists in lists that close',
    own.replace('"details":{', `"details":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)},`),
    /nested deeper than 200/,
  ],
  [
    'an accuracy in percent',
    theirs.replace('"test_accuracies":[0.125', '"test_accuracies":[84.5'),
    /expected a fraction/,
  ],
  [
    'a batch size of 0',
    theirs.replace('"batch_size":128', '"batch_size":0'),
    /batch_size: found 0, expected a number of at least 1/,
  ],
  ['a number instead of a name', theirs.replace('"fmnist_2c2d"', '5'), /testproblem: found 5, expected a text/],
  ['a list', '[1,2]', /found \[1,2\], expected an object/],
];

describe('one bad file is named in one line, and the others are read', () => {
  test.each(BAD)('%s', async (_, content, said) => {
    const good = await put(folder, place('fmnist_2c2d', 'SGD', 43), deepobsContent({ random_seed: 43 }));
    const bad = join(folder, 'bad', 'random_seed__1__x.json');
    await mkdir(join(folder, 'bad'));
    await writeFile(bad, content);
    const { runs, faults } = await readResults([folder]);
    expect(runs.map(({ file }) => file)).toEqual([good]);
    expect(faults).toEqual([expect.stringMatching(said)]);
    expect(faults[0]?.startsWith(`${bad}: `)).toBe(true);
    expect(faults[0]).toMatch(/^[\x20-\x7eäöü]+$/);
    expect((await validateResultFile(bad)).faults).toEqual(faults);
    expect(await importDeepobs([folder], join(folder, 'out'))).toMatchObject({ written: [{}], faults });
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    'a test problem and an optimizer called %s',
    async (name) => {
      const content = deepobsContent({ testproblem: name, optimizer_name: name, optimizer_hyperparams: { [name]: 1 } });
      await put(folder, place(name, name), content);
      const { runs, faults } = await readResults([folder]);
      expect(faults).toEqual([]);
      const comparison = compare(runs, { targets: {}, baselines: [] });
      expect(JSON.parse(comparisonJson(comparison)).tables[0].rows[0].target).toBeNull();
      const { written } = await importDeepobs([folder], join(folder, 'out'));
      expect(written).toEqual([join(folder, 'out', place(name, name))]);
    },
  );
});

test('names of files and folders are shown, not acted upon', async () => {
  const trick = '\u001b]0;title\u0007';
  const path = await put(folder, place('fmnist_2c2d', `SGD${trick}`), deepobsContent());
  const loose = await put(folder, `random_seed__1__${trick}.json`, '{}');
  const { faults } = await readResults([folder]);
  const shown = (text: string) => text.replaceAll('\u001b', '\\u{1b}').replaceAll('\u0007', '\\u{7}');
  expect(faults).toEqual([
    expect.stringContaining(`${shown(path)}: found the folder "SGD`),
    expect.stringContaining(`${shown(loose)}: field`),
  ]);
  expect(faults.join()).not.toMatch(/\p{Cc}/u);
});

describe('what is no file', () => {
  test('pipes, devices and sockets end in one line each', async () => {
    await put(folder, place('fmnist_2c2d', 'SGD'), deepobsContent());
    const pipe = join(folder, 'random_seed__1__pipe.json');
    execFileSync('mkfifo', [pipe]);
    await symlink('/dev/zero', join(folder, 'random_seed__2__device.json'));
    const socket = createServer();
    await new Promise<void>((done) => socket.listen(join(folder, 'random_seed__3__s.json'), done));
    const { runs, faults } = await readResults([folder]);
    await new Promise((done) => socket.close(done));
    expect(runs).toHaveLength(1);
    expect(faults).toEqual([
      expect.stringContaining('random_seed__1__pipe.json: is a named pipe; expected a run file'),
      expect.stringContaining('random_seed__2__device.json: is a device; expected a run file'),
      expect.stringContaining('random_seed__3__s.json: cannot be read (a socket'),
    ]);
    expect((await readResults([pipe])).faults).toEqual([expect.stringContaining('is a named pipe')]);
  });

  test('links: each folder is visited once, a loop leads nowhere, a dead link is named', async () => {
    const path = await put(folder, place('fmnist_2c2d', 'SGD'), deepobsContent());
    const elsewhere = await mkdtemp(join(tmpdir(), 'probprec-elsewhere-'));
    const linked = place('mnist_mlp', 'SGD');
    await put(elsewhere, linked, deepobsContent({ testproblem: 'mnist_mlp' }));
    await symlink('..', join(folder, 'fmnist_2c2d', 'loop'));
    await symlink('.', join(folder, 'self'));
    await symlink('fmnist_2c2d', join(folder, 'again'));
    await symlink(path, join(folder, 'random_seed__42__again.json'));
    await symlink(elsewhere, join(folder, 'other'));
    await symlink(folder, join(elsewhere, 'back'));
    await symlink('/nonexistent', join(folder, 'random_seed__9__dead.json'));
    const { files, faults } = await searchResultFiles([folder]);
    await rm(elsewhere, { recursive: true });
    expect(files).toEqual([path, join(folder, 'other', linked)]);
    expect(faults).toEqual([
      expect.stringContaining('random_seed__9__dead.json: cannot be read (a link that leads nowhere)'),
    ]);
  });
});

describe('nothing is written outside the output folder', () => {
  const escapes = ['../../ESCAPED/tp', '/tmp/ESCAPED', 'a/b', 'a\\b', '..', '.', 'CON', 'nul.txt', 'a\u0000b'];

  test.each(escapes)('import of the names %j', async (name) => {
    for (const key of ['testproblem', 'optimizer_name']) {
      // Directly in the folder, so that the names come from the file.
      await put(folder, `a/b/in/random_seed__42__${key}.json`, deepobsContent({ [key]: name }));
    }
    const { written, faults } = await importDeepobs([join(folder, 'a/b/in')], join(folder, 'a/b/out/o'));
    expect(written).toEqual([]);
    expect(faults).toHaveLength(2);
    for (const fault of faults)
      expect(fault).toMatch(/random_seed__42__\w+\.json: field \w+: found .*, expected [^\n]*$/);
    expect(await readdir(join(folder, 'a/b'))).toEqual(['in']);
  });

  test.each(['../x', 'CON'])('export of the name %j in a file with the right digest', async (name) => {
    const runFile = exampleRunFile();
    const { buildRunFile } = await import('../../src/results/index.js');
    const { exampleConfiguration, exampleParts } = await import('./example.js');
    const configuration = exampleConfiguration({ testproblem: name });
    await put(
      folder,
      'in/random_seed__42__x.json',
      JSON.stringify({ ...runFile, ...buildRunFile(exampleParts({ configuration })) }),
    );
    const { written, faults } = await exportDeepobs([join(folder, 'in')], join(folder, 'a/out'));
    expect(written).toEqual([]);
    expect(faults).toEqual([expect.stringContaining(`found the name ${JSON.stringify(name)}, expected`)]);
    expect(await readdir(folder)).toEqual(['in']);
  });

  test('links in the output folder are not followed out of it, nor written through', async () => {
    const elsewhere = join(folder, 'elsewhere');
    const out = join(folder, 'out');
    await mkdir(elsewhere);
    await mkdir(join(out, 'inside'), { recursive: true });
    await symlink(elsewhere, join(out, 'fmnist_2c2d'));
    await symlink('inside', join(out, 'mnist_mlp'));
    await put(folder, `in/${place('fmnist_2c2d', 'SGD')}`, deepobsContent());
    await put(folder, `in/${place('mnist_mlp', 'SGD')}`, deepobsContent({ testproblem: 'mnist_mlp' }));
    const blocked = place('mnist_logreg', 'SGD');
    await put(folder, `in/${blocked}`, deepobsContent({ testproblem: 'mnist_logreg' }));
    await put(out, blocked.replace(/[^/]*$/, 'x'), 'x');
    await symlink('/dev/zero', join(out, blocked));
    const { written, faults } = await importDeepobs([join(folder, 'in')], out);
    expect(written).toEqual([join(out, place('mnist_mlp', 'SGD'))]);
    expect(faults).toEqual([
      expect.stringContaining('fmnist_2c2d: is a link that leads out of'),
      expect.stringContaining('a link is in the way, left it as it is'),
    ]);
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test('a file where a folder has to be concerns one run only', async () => {
    await put(folder, `in/${place('fmnist_2c2d', 'SGD')}`, deepobsContent());
    await put(folder, `in/${place('mnist_mlp', 'SGD')}`, deepobsContent({ testproblem: 'mnist_mlp' }));
    await put(folder, 'out/fmnist_2c2d', 'a file');
    const { written, faults } = await importDeepobs([join(folder, 'in')], join(folder, 'out'));
    expect(written).toHaveLength(1);
    expect(faults).toEqual([expect.stringContaining('cannot write')]);
    expect(await readFile(join(folder, 'out/fmnist_2c2d'), 'utf8')).toBe('a file');
  });
});

describe('runs of two experiments never become one folder of DeepOBS', () => {
  test('two engines, two protocols, real and synthetic data, two versions of an optimizer', async () => {
    const { exampleConfiguration, exampleParts } = await import('./example.js');
    const { optimizer } = exampleConfiguration();
    const source = (sha256: string) => ({ optimizer: { ...optimizer, source: { file: 'mine.mjs', sha256 } } });
    const variants = [
      {},
      { engine: { name: 'tfjs-cpu', device: 'cpu' } },
      { protocol: 'deepobs-beta' as const },
      { data: { source: 'synthetic' as const, syntheticSize: 100 } },
      source('a'.repeat(64)),
      source('b'.repeat(64)),
    ];
    const parts = exampleParts();
    for (const [index, changes] of variants.entries()) {
      const configuration = exampleConfiguration(changes);
      const { source: dataSource, syntheticSize } = configuration.data;
      const runFile = exampleRunFile({
        configuration,
        engine: { ...parts.engine, ...configuration.engine },
        dataset: { ...parts.dataset, source: dataSource, syntheticSize },
      });
      await writeRunFile(
        join(folder, 'in', String(index), `random_seed__42__2026-11-2${index}-10-00-00.json`),
        runFile,
      );
    }
    const { written, faults } = await exportDeepobs([join(folder, 'in')], join(folder, 'out'));
    expect(written).toHaveLength(1);
    expect(faults).toHaveLength(5);
    for (const fault of faults)
      expect(fault).toMatch(/left out: it would be mixed with other runs in .*\(it has runs of .*in\/0\//);
    for (const seed of [43, 44]) {
      const configuration = exampleConfiguration({ seed });
      await writeRunFile(
        join(folder, `seed${seed}`, `random_seed__${seed}__2026-11-22-10-00-00.json`),
        exampleRunFile({ configuration }),
      );
    }
    const more = await exportDeepobs([join(folder, 'seed43'), join(folder, 'seed44')], join(folder, 'out'));
    expect(more).toMatchObject({ written: [{}, {}], faults: [] });
  });
});
