#!/usr/bin/env node
// Makes a checkout ready: installs what the lockfile says when it is not installed, builds when the sources changed.
// Plain Node without dependencies, because it runs before there are any. Says nothing when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (...parts) => join(root, ...parts);
const command = inRoot('dist', 'src', 'cli', 'main.js');
const buildStamp = inRoot('node_modules', '.cache', 'probprec', 'build.sha256');

checkNode();
if (!installed()) install();
const sources = hashOfSources();
if (!existsSync(command) || readOr(buildStamp, '') !== sources) build(sources);

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`found Node ${process.versions.node}, expected 20.19 or newer; install it from nodejs.org or with nvm`);
}

/** True when every package of the lockfile that this platform needs is installed in the lockfile's version. */
function installed() {
  const there = JSON.parse(readOr(inRoot('node_modules', '.package-lock.json'), '{}')).packages ?? {};
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  );
}

// `npm install --no-save`, not `npm ci`: both take the lockfile's versions and leave it alone, but `npm ci` also refuses a
// lockfile that lacks a package for a platform that nobody here has (some registries do not carry them all). No package
// needs its install script; onnxruntime-node's would download GPU libraries.
function install() {
  say('installing the packages of package-lock.json');
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, [process.env.npm_execpath]]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []];
  const [program, start] = npm;
  const args = [...start, 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  fail(
    `npm install failed (${error?.code ?? `exit code ${status}`}); it needs the npm registry once: check the network and proxy, then run the same command again`,
  );
}

/** One hash over everything that the build depends on; the lockfile stands for the compiler. */
function hashOfSources() {
  const hash = createHash('sha256');
  const files = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/man-pages.mjs',
  ].map((name) => inRoot(name));
  for (const folder of ['src', 'testproblems']) {
    for (const entry of readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
    }
  }
  for (const file of files.sort())
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

/** Builds beside dist/ and swaps, so that a failed build leaves the old one and a removed source leaves nothing. */
function build(stamp) {
  say('building dist/');
  const fresh = inRoot(`dist.${process.pid}.tmp`);
  const compiler = inRoot('node_modules', 'typescript', 'bin', 'tsc');
  const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    fail('the TypeScript build failed; the lines above say where');
  }
  chmodSync(join(fresh, relative(inRoot('dist'), command)), 0o755);
  rmSync(inRoot('dist'), { recursive: true, force: true });
  renameSync(fresh, inRoot('dist'));
  const pages = spawnSync(process.execPath, [inRoot('scripts', 'man-pages.mjs')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (pages.status !== 0) fail('the man pages cannot be made; the lines above say why');
  mkdirSync(join(buildStamp, '..'), { recursive: true });
  writeFileSync(buildStamp, stamp);
}

function readOr(path, otherwise) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(1);
}
