import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMPARISON_FIGURES, type ComparisonFigure, DEFAULT_OPTIONS } from '../../src/report/figures/index.js';
import { toTikz } from '../../src/report/figures/rendering/tikz/tikz.js';
import { comparisonLatex } from '../../src/report/index.js';
import { CASES, ordinary } from './figure-cases.js';

/** Debian: texlive-pictures, texlive-latex-recommended and texlive-fonts-recommended have everything. */
function hasLatex(): boolean {
  const found = (program: string, file: string) => spawnSync(program, [file], { encoding: 'utf8' }).stdout?.trim();
  return Boolean(found('kpsewhich', 'pgfplots.sty')) && spawnSync('pdflatex', ['--version']).status === 0;
}

const kinds = Object.keys(COMPARISON_FIGURES) as ComparisonFigure[];

test.skipIf(!hasLatex())(
  'pdfLaTeX sets every kind of figure and the tables, with hostile names, without an error (skipped without pgfplots)',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'probprec-tikz-'));
    try {
      const pages: string[] = [];
      for (const name of ['ordinary', 'hostile names'] as const) {
        const comparison = (CASES[name] ?? ordinary)();
        for (const kind of kinds) {
          const file = `${name.replace(' ', '-')}-${kind}`;
          const figure = COMPARISON_FIGURES[kind](comparison, DEFAULT_OPTIONS);
          const { tex, csv } = await toTikz(figure, { width: 468, fontSize: 8, dataFile: `${file}.csv` });
          await writeFile(join(folder, `${file}.csv`), csv);
          await writeFile(join(folder, `${file}.tex`), tex);
          pages.push(`\\input{${file}.tex}`);
        }
        pages.push(`{\\tiny ${comparisonLatex(comparison)}}`);
      }
      const preamble =
        '\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage[a3paper]{geometry}\\usepackage{booktabs}\n' +
        '\\usepackage{pgfplots}\\usepgfplotslibrary{groupplots,fillbetween}\\pgfplotsset{compat=1.17}\n';
      const text = `${preamble}\\begin{document}\n${pages.join('\n\\clearpage\n')}\n\\end{document}\n`;
      await writeFile(join(folder, 'paper.tex'), text);
      const { status, stdout } = spawnSync('pdflatex', ['-interaction=nonstopmode', '-halt-on-error', 'paper.tex'], {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 1e8,
      });
      expect(/^!.*(?:\n.*){0,3}/m.exec(stdout)?.[0]).toBeUndefined();
      expect(status).toBe(0);
      expect(execFileSync('head', ['-c', '5', join(folder, 'paper.pdf')], { encoding: 'utf8' })).toBe('%PDF-');
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  300_000,
);
