// Sends what a run measures to Weights & Biases while it trains: the hook that executeRun's `onEvent` is.
//
//   WANDB_API_KEY=… WANDB_PROJECT=optimizers node examples/wandb/train.mjs
//
// W&B has no client for JavaScript; this speaks the two requests of its HTTP interface that a run needs, as its Python client
// (wandb 0.2x) does: the mutation `upsertBucket`, and lines appended by `file_stream`. probprec itself sends nothing anywhere.

const UPSERT = `mutation UpsertBucket($entity: String, $project: String, $name: String, $displayName: String, $groupName: String, $config: JSONString) {
  upsertBucket(input: { entityName: $entity, modelName: $project, name: $name, displayName: $displayName, groupName: $groupName, config: $config }) {
    bucket { name historyLineCount project { name entity { name } } }
  }
}`;

/** Hyperparameters and the rest of a configuration, as W&B shows them in columns. */
function configOf({ testproblem, optimizer, seed, batchSize, numEpochs, l2Reg, engine }) {
  const values = {
    testproblem,
    optimizer: optimizer.className,
    ...optimizer.hyperparameters,
    seed,
    batch_size: batchSize,
  };
  const all = { ...values, num_epochs: numEpochs, l2_reg: l2Reg, engine: `${engine.name} ${engine.device}` };
  return JSON.stringify(Object.fromEntries(Object.entries(all).map(([key, value]) => [key, { value }])));
}

/**
 * `const wandb = logToWandb({ apiKey, project }); await executeRun(resolved, { …, onEvent: wandb.onEvent }); await wandb.finish();`
 * A log that cannot be sent never ends a run: `finish` says what went wrong. `id` is the run's name at W&B; the same `id`
 * again adds to that run, behind the steps that it has.
 */
export function logToWandb({ apiKey, project, entity, id, baseUrl = 'https://api.wandb.ai' }) {
  const headers = { authorization: `Basic ${btoa(`api:${apiKey}`)}`, 'content-type': 'application/json' };
  const post = async (path, body) => {
    const response = await fetch(new URL(path, baseUrl), { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`W&B: ${response.status} ${await response.text()}`);
    return response.json();
  };
  let stepsPerEpoch = 1;
  let stream = '';
  let offset = 0;
  const waiting = [];
  let problem = null;
  // Requests go out one after the other, while training goes on; values wait for each other in between.
  let last = Promise.resolve();
  const enqueue = (work) => {
    last = last.then(work).catch((error) => {
      problem ??= error;
    });
  };
  const flush = (more = {}) =>
    enqueue(async () => {
      const content = waiting.splice(0);
      if (problem !== null || (content.length === 0 && Object.keys(more).length === 0)) return;
      await post(stream, { files: { 'wandb-history.jsonl': { offset, content } }, ...more });
      offset += content.length;
    });
  const add = (step, values) => {
    const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
    waiting.push(JSON.stringify({ _step: step, _timestamp: Date.now() / 1000, ...Object.fromEntries(finite) }));
  };
  const onEvent = (event) => {
    if (event.type === 'start') {
      const { configuration } = event;
      stepsPerEpoch = event.stepsPerEpoch;
      enqueue(async () => {
        const { optimizer, testproblem, seed } = configuration;
        const { data, errors } = await post('graphql', {
          query: UPSERT,
          variables: {
            entity,
            project,
            name: id,
            displayName: `${testproblem} ${optimizer.className} seed ${seed}`,
            groupName: `${testproblem} ${optimizer.className} ${JSON.stringify(optimizer.hyperparameters)}`.slice(
              0,
              128,
            ),
            config: configOf(configuration),
          },
        });
        if (!data?.upsertBucket) throw new Error(`W&B: ${errors?.[0]?.message ?? 'no run was made'}`);
        const { bucket } = data.upsertBucket;
        stream = `files/${[bucket.project.entity.name, bucket.project.name, bucket.name].map(encodeURIComponent).join('/')}/file_stream`;
        offset = bucket.historyLineCount ?? 0;
      });
    } else if (event.type === 'step') {
      add((event.epoch - 1) * stepsPerEpoch + event.step - 1, { 'train/minibatch_loss': event.loss });
      if (waiting.length >= 100) flush();
    } else if (event.type === 'evaluation') {
      const values = {};
      for (const [phase, { loss, accuracy }] of Object.entries(event.results)) {
        const name = phase === 'train_eval' ? 'train' : phase;
        values[`${name}/loss`] = loss;
        if (accuracy !== null) values[`${name}/accuracy`] = accuracy;
      }
      add(event.epoch * stepsPerEpoch, { epoch: event.epoch, ...values });
      flush();
    } else if (event.type === 'end') {
      flush({ complete: true, exitcode: event.status === 'completed' ? 0 : 1 });
    }
  };
  const finish = async () => {
    await last;
    return problem;
  };
  return { onEvent, finish };
}
