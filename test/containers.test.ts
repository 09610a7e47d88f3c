import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';

const textOf = (file: string) => readFileSync(new URL(`../containers/${file}`, import.meta.url), 'utf8');

/** What a shell says about a text that it reads and does not execute. */
function shellFaults(text: string): string {
  return spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' }).stderr;
}

describe('the Dockerfile', () => {
  const text = textOf('Dockerfile');

  test('has no fault that a reader of Dockerfiles finds', () => {
    expect(validate(text)).toEqual([]);
    // The reader is not blind.
    expect(validate(text.replace('WORKDIR', 'WORKDIRS')).map(({ message }) => message)).toEqual([
      'Unknown instruction: WORKDIRS',
    ]);
    expect(validate(text.replace('CMD ["--help"]', 'COPY --from'))).not.toEqual([]);
  });

  test('has commands that a shell reads', () => {
    const commands = text.split('\n').filter((line) => line.startsWith('RUN '));
    expect(commands).toHaveLength(2);
    for (const command of commands) expect(shellFaults(command.slice(4))).toBe('');
  });
});

/** Sections of a definition file (Apptainer 1.3, "Definition Files"). */
const SECTIONS = [
  ...['setup', 'files', 'environment', 'post', 'runscript', 'startscript', 'test', 'labels', 'help', 'arguments'],
  ...['pre', 'appinstall', 'appfiles', 'appenv', 'apprun', 'apphelp', 'applabels', 'apptest'],
];
/** Sections that a shell executes. */
const SCRIPTS = ['setup', 'post', 'environment', 'runscript', 'startscript', 'test', 'pre'];

interface Section {
  readonly name: string;
  readonly rest: string;
  readonly lines: readonly string[];
}

interface Stage {
  readonly header: Readonly<Record<string, string>>;
  readonly sections: readonly Section[];
}

/** Reads a definition file; throws for what is neither a header, a section nor in one. */
function stagesOf(text: string): Stage[] {
  const stages: { header: Record<string, string>; sections: { name: string; rest: string; lines: string[] }[] }[] = [];
  for (const line of text.split('\n')) {
    const stage = stages.at(-1);
    const [, section, rest = ''] = /^%(\w+)\s*(.*)$/.exec(line) ?? [];
    const [, key, value] = /^([A-Z]\w*):\s*(\S.*)$/.exec(line) ?? [];
    if (section !== undefined) {
      if (!SECTIONS.includes(section)) throw new Error(`no section is called %${section}`);
      if (stage === undefined) throw new Error(`%${section} before a header`);
      stage.sections.push({ name: section, rest, lines: [] });
    } else if (key !== undefined && value !== undefined) {
      if (!['Bootstrap', 'From', 'Stage', 'Fingerprints'].includes(key)) throw new Error(`no header is called ${key}`);
      if (key === 'Bootstrap') stages.push({ header: { [key]: value }, sections: [] });
      else if (stage === undefined || stage.sections.length > 0) throw new Error(`${key} belongs behind Bootstrap`);
      else stage.header[key] = value;
    } else if (line.trim() !== '' && !line.startsWith('#')) {
      const last = stage?.sections.at(-1);
      if (last === undefined) throw new Error(`found ${line} in no section`);
      last.lines.push(line);
    }
  }
  return stages;
}

describe('the Apptainer definition', () => {
  const text = textOf('probprec.def');
  const stages = stagesOf(text);

  test('has two stages, each with an image to begin from, and only sections that exist', () => {
    expect(stages.map(({ header }) => header)).toEqual([
      { Bootstrap: 'docker', From: 'node:22-slim', Stage: 'build' },
      { Bootstrap: 'docker', From: 'node:22-slim', Stage: 'final' },
    ]);
    expect(() => stagesOf(text.replace('%runscript', '%runscripts'))).toThrow('no section is called %runscripts');
    expect(() => stagesOf(text.replace('From:', 'form:'))).toThrow('found form: node:22-slim in no section');
  });

  test('takes files from a stage that is built before', () => {
    const names = stages.map(({ header }) => header.Stage);
    for (const [index, { sections }] of stages.entries()) {
      for (const { rest } of sections.filter(({ name }) => name === 'files')) {
        const [, from] = /^from (\w+)$/.exec(rest) ?? [];
        if (from !== undefined) expect(names.slice(0, index)).toContain(from);
        else expect(rest).toBe('');
      }
    }
  });

  test('has scripts that a shell reads', () => {
    const scripts = stages.flatMap(({ sections }) => sections.filter(({ name }) => SCRIPTS.includes(name)));
    expect(scripts.map(({ name }) => name)).toEqual(['post', 'post', 'runscript', 'test']);
    for (const { lines } of scripts) expect(shellFaults(lines.join('\n'))).toBe('');
    expect(shellFaults('if true')).not.toBe('');
  });
});

test('both build and install in the same way, from the same image', () => {
  const words = (text: string) => text.replaceAll(/\s+/g, ' ');
  const [docker, apptainer] = [words(textOf('Dockerfile')), words(textOf('probprec.def'))];
  const image = /FROM (\S+) AS build/.exec(docker)?.[1] ?? '';
  expect(apptainer.split(`From: ${image} `)).toHaveLength(3);
  const steps = [
    ...['npm install --no-save --ignore-scripts --no-audit --no-fund', 'npm run build'],
    ...['npm pack --pack-destination /tmp', 'npm install --global --ignore-scripts --no-audit --no-fund'],
  ];
  for (const step of steps) for (const text of [docker, apptainer]) expect(text).toContain(step);
});
