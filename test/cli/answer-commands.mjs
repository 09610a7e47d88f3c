// The built command, loaded once: a line of JSON on stdin is a command line, a line of JSON on descriptor 3 what it left behind.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const built = (name) => import(new URL(`../../dist/src/cli/${name}.js`, import.meta.url).href);
const { perform } = await built('perform');
const { createTerminal } = await built('terminal');

for await (const line of createInterface({ input: process.stdin })) {
  const { args, cwd, env } = JSON.parse(line);
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv.splice(2, process.argv.length, ...args);
  process.exitCode = undefined;
  const before = process.cpuUsage();
  const said = { stdout: '', stderr: '' };
  const stream = (name) => ({
    isTTY: false,
    on: () => undefined,
    write: (text) => {
      said[name] += text;
    },
  });
  const terminal = createTerminal({ stdout: stream('stdout'), stderr: stream('stderr'), env: process.env });
  await perform(process.argv, terminal);
  const { user, system } = process.cpuUsage(before);
  const left = { code: process.exitCode ?? 0, ...said, cpuSeconds: (user + system) / 1e6 };
  const answer = Buffer.from(`${JSON.stringify(left)}\n`);
  for (let written = 0; written < answer.length; ) written += writeSync(3, answer, written);
}
process.exitCode = 0;
