#!/usr/bin/env node
// A Slurm cluster of one node, this machine, for trying and testing generated scripts: munge, controller and node daemon as
// root in one folder, with free ports, without systemd, cgroups or accounting. Debian's slurm-wlm is all it needs.
//
//   node scripts/one-node-slurm.mjs install          apt-get install slurm-wlm
//   node scripts/one-node-slurm.mjs start FOLDER     prints `export SLURM_CONF=...`
//   node scripts/one-node-slurm.mjs stop FOLDER
//
// Exit code 3: this machine cannot run it; the line on stderr says why.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, hostname, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const CANNOT = 3;
const START_SECONDS = 30;
/** A requeued job waits as long as credentials live (slurm.conf(5), cred_expire; 120 s by default). */
const CREDENTIAL_SECONDS = 10;

const [action, folderArgument] = process.argv.slice(2);
if (action === 'install') install();
else if (action === 'start' && folderArgument !== undefined) await start(resolve(folderArgument));
else if (action === 'stop' && folderArgument !== undefined) await stop(resolve(folderArgument));
else fail('found no action, expected install, start FOLDER or stop FOLDER', 2);

function install() {
  if (isInstalled()) return;
  if (!isRoot()) fail('installing slurm-wlm needs root', CANNOT);
  const apt = (...args) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  const wanted = ['install', '-y', '--no-install-recommends', 'slurm-wlm'];
  if (apt(...wanted).status !== 0) {
    apt('update');
    apt(...wanted);
  }
  if (!isInstalled()) fail('apt-get could not install slurm-wlm', CANNOT);
}

async function start(folder) {
  if (!isRoot()) fail('the daemons of Slurm need root', CANNOT);
  if (!isInstalled()) fail('slurm-wlm is not installed (node scripts/one-node-slurm.mjs install)', CANNOT);
  if (folder.length > 80) fail(`the socket's name would be too long in ${folder}, expected a shorter folder`, 2);
  if (existsSync(pidsFile(folder))) fail(`a cluster was started in ${folder} already; stop it first`, 2);
  for (const name of ['munge', 'state', 'spool', 'log', 'run']) mkdirSync(join(folder, name), { recursive: true });
  const [controllerPort, nodePort] = await freePorts();
  const key = join(folder, 'munge', 'key');
  writeFileSync(key, randomBytes(128), { mode: 0o400 });
  const configuration = join(folder, 'slurm.conf');
  writeFileSync(configuration, slurmConf(folder, controllerPort, nodePort));
  const pids = [];
  const daemon = (program, ...args) => {
    const log = openSync(join(folder, 'log', `${program}.out`), 'a');
    const env = { ...process.env, SLURM_CONF: configuration };
    const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], env, cwd: folder });
    child.unref();
    pids.push(child.pid);
    writeFileSync(pidsFile(folder), JSON.stringify(pids));
  };
  const socket = socketFile(folder);
  const own = ['pid', 'log', 'seed'].map((name) => `--${name}-file=${join(folder, 'munge', name)}`);
  daemon('munged', '--foreground', '--force', `--key-file=${key}`, `--socket=${socket}`, ...own);
  if (!(await becomes(() => existsSync(socket)))) await giveUp(folder, 'munged');
  daemon('slurmctld', '-D', '-c', '-f', configuration);
  daemon('slurmd', '-D', '-N', shortHostname(), '-f', configuration);
  const idle = () =>
    spawnSync('sinfo', ['--noheader', '--format=%T'], {
      env: { ...process.env, SLURM_CONF: configuration },
      timeout: 5000,
    })
      .stdout?.toString()
      .trim() === 'idle';
  if (!(await becomes(idle))) await giveUp(folder, 'slurmctld or slurmd');
  process.stdout.write(`export SLURM_CONF='${configuration.replaceAll("'", "'\\''")}'\n`);
}

async function giveUp(folder, what) {
  await stop(folder);
  fail(`${what} did not start within ${START_SECONDS} s; ${join(folder, 'log')} says why`, CANNOT);
}

/** Ends the daemons that were started in this folder: processes with these numbers that were started later are others. */
async function stop(folder) {
  if (!existsSync(pidsFile(folder))) return;
  const pids = JSON.parse(readFileSync(pidsFile(folder), 'utf8')).filter((pid) => isOurs(pid, folder));
  // Jobs first; the node's daemon leaves their processes alone when it ends.
  const env = { ...process.env, SLURM_CONF: join(folder, 'slurm.conf') };
  spawnSync('scancel', ['--quiet', `--user=${process.getuid()}`], { env, timeout: 5000 });
  await becomes(() => spawnSync('squeue', ['--noheader'], { env, timeout: 5000 }).stdout?.toString() === '');
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    for (const pid of pids.filter((number) => isOurs(number, folder)).reverse()) process.kill(pid, signal);
    if (await becomes(() => !pids.some((pid) => isOurs(pid, folder)), 10)) break;
  }
  rmSync(pidsFile(folder));
}

function isOurs(pid, folder) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
  } catch {
    return false;
  }
}

function slurmConf(folder, controllerPort, nodePort) {
  const host = shortHostname();
  return `ClusterName=onenode
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=${socketFile(folder)},cred_expire=${CREDENTIAL_SECONDS}
CredType=cred/munge
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
SlurmctldPidFile=${folder}/run/slurmctld.pid
SlurmdPidFile=${folder}/run/slurmd.pid
SlurmdSpoolDir=${folder}/spool
StateSaveLocation=${folder}/state
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=1
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${availableParallelism()} RealMemory=${Math.floor((0.9 * totalmem()) / 2 ** 20)} State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

/** Two free ports, held together so that they differ. */
async function freePorts() {
  const servers = [createServer(), createServer()];
  for (const server of servers) await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) await new Promise((closed) => server.close(closed));
  return ports;
}

async function becomes(condition, seconds = START_SECONDS) {
  for (let waited = 0; waited < seconds; waited += 0.2) {
    if (condition()) return true;
    await sleep(200);
  }
  return false;
}

function isInstalled() {
  return ['munged', 'slurmctld', 'slurmd', 'sbatch'].every(
    (program) => spawnSync('which', [program], { stdio: 'ignore' }).status === 0,
  );
}

function isRoot() {
  return process.getuid?.() === 0;
}

function shortHostname() {
  return hostname().split('.')[0];
}

function pidsFile(folder) {
  return join(folder, 'pids.json');
}

function socketFile(folder) {
  return join(folder, 'munge', 'socket');
}

function fail(text, code) {
  process.stderr.write(`one-node-slurm: ${text}\n`);
  process.exit(code);
}
