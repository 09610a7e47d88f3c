import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../cli/command.js';
import { blocksOf, commandsOf } from './commands.js';

const DATA = process.env.PROBPREC_DATA_DIR;
const title = DATA === undefined ? ' (skipped: PROBPREC_DATA_DIR is not set, and mnist is real there)' : '';

test.skipIf(DATA === undefined)(
  `the tutorial's commands do in an empty folder what it says${title}`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'probprec-tutorial-'));
    try {
      const bin = join(folder, 'bin');
      const work = join(folder, 'work');
      await mkdir(bin);
      await mkdir(work);
      await writeFile(join(bin, 'probprec'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
      await chmod(join(bin, 'probprec'), 0o755);
      const [optimizer = ''] = blocksOf('docs/tutorial.md', 'js');
      await writeFile(join(work, 'signum.mjs'), optimizer);

      const said: Record<string, string> = {};
      for (const { place, line } of commandsOf('docs/tutorial.md')) {
        const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
          cwd: work,
          encoding: 'utf8',
          env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, PROBPREC_DATA_DIR: DATA },
        });
        expect({ place, status, stderr: status === 0 ? '' : stderr }).toEqual({ place, status: 0, stderr: '' });
        said[line] = stdout;
      }

      expect(said['probprec compare results --baselines none']).toMatch(/MySignum[\s\S]*SGD|SGD[\s\S]*MySignum/);
      expect(await readFile(join(work, 'table.tex'), 'utf8')).toContain('\\toprule');
      expect((await readFile(join(work, 'curves.pdf'))).subarray(0, 5).toString()).toBe('%PDF-');
      expect((await stat(join(work, 'report.html'))).size).toBeGreaterThan(50_000);
      expect((await readdir(join(work, 'exported'))).length).toBeGreaterThan(2);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);
