import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Comparison } from '../../src/analysis/index.js';
import { comparisonJson } from '../../src/report/index.js';
import type { RunFacts } from '../../src/report/page/content.js';
import { embeddedJson, html } from '../../src/report/page/html.js';
import { reportPage } from '../../src/report/page/page.js';
import { repeatCommands } from '../../src/report/page/repeat.js';
import { CASES, HOSTILE, ordinary } from './figure-cases.js';

const require = createRequire(import.meta.url);
const beside = (schema: string, name: string) => readFileSync(join(require.resolve(schema), '..', name), 'utf8');

function page(comparison: Comparison, interactive: boolean): Promise<string> {
  const library = {
    vega: interactive ? beside('vega/vega-schema.json', 'vega.min.js') : '',
    vegaLite: interactive ? beside('vega-lite/vega-lite-schema.json', 'vega-lite.min.js') : '',
  };
  return reportPage({
    title: `A comparison ${HOSTILE[1]}`,
    version: '0.0.0',
    comparison,
    facts: [],
    quantities: [],
    faults: [`${HOSTILE[0]}: cannot be read`],
    library: interactive ? library : null,
  });
}

describe('the HTML of a page', () => {
  test('values of a template are text, and HTML in it stays HTML', () => {
    const name = '<b>"\'&\u0000';
    expect(html`<p title="${name}">${html`<i>${name}</i>`}${[1, null, 'x']}</p>`.text).toBe(
      '<p title="&lt;b&gt;&quot;&#39;&amp;\\u0000"><i>&lt;b&gt;&quot;&#39;&amp;\\u0000</i>1x</p>',
    );
  });

  test('embedded JSON cannot end its element, and reads back', () => {
    const value = { name: '</script><!-- \u2028' };
    const { text } = embeddedJson(value);
    expect(text).not.toMatch(/[<\u2028]/);
    expect(JSON.parse(text)).toEqual(value);
  });

  test('refers to nothing outside and has no script when it is not interactive', async () => {
    const text = await page(ordinary(), false);
    expect(text).not.toMatch(/<script|<link|<iframe|<[a-z]+[^<>]*\s(?:src|href)="(?!#)|@import|url\((?!#)/);
    expect(text.match(/https?:\/\/[^"'\s<]+/g) ?? []).toEqual([]);
    expect(text).toContain('<svg role="img"');
    for (const heading of ['What was run', 'Run times', 'Runs that did not complete', 'Caveats', 'How to repeat it']) {
      expect(text).toContain(`<h2>${heading}</h2>`);
    }
    expect(text).toContain('the loss is not finite');
  });

  test('hostile names are text', async () => {
    const text = await page((CASES['hostile names'] ?? ordinary)(), false);
    expect(text).not.toMatch(/<img|<script|alert\(1\)<\/script>/);
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\u0000\u001b\u202e]/);
  });

  test('the same comparison gives the same page', async () => {
    expect(await page(ordinary(), false)).toBe(await page(ordinary(), false));
  });
});

test('the commands of a page train the same configuration again, with every seed', () => {
  const configuration = {
    testproblem: 'mnist_logreg',
    optimizer: {
      name: 'sgd',
      class_name: 'SGD',
      hyperparameters: { lr: -0.1, nesterov: true, decay: null, note: "it's" },
      integer_hyperparameters: [],
      source: null,
    },
    seed: 42,
    batch_size: 128,
    num_epochs: 2,
    l2_reg: 0,
    l2_reg_given: false,
    data: { source: 'synthetic', synthetic_size: 100 },
    engine: { name: 'onnxruntime', device: 'cpu' },
    protocol: 'probprec',
    train_log_interval: 10,
    lr_schedule: null,
  } as const;
  const facts = (seed: number, changes = {}) =>
    ({
      testproblem: 'mnist_logreg',
      optimizer: 'SGD',
      seed,
      configuration: { ...configuration, seed, ...changes },
    }) as unknown as RunFacts;
  expect(repeatCommands([facts(43), facts(42)])).toEqual([
    {
      optimizer: 'SGD',
      command:
        "for seed in 42 43; do probprec run --testproblem mnist_logreg --optimizer sgd --lr=-0.1 --nesterov=true --note 'it'\\''s' --num-epochs 2 --batch-size 128 --data synthetic --synthetic-size 100 --engine onnxruntime --device cpu --protocol probprec --train-log-interval 10 --seed \"$seed\"; done",
    },
  ]);
  expect(repeatCommands([facts(42, { testproblem: 'a\nrm -rf' })])[0]?.command).toBeNull();
});

/** Texts of each figure whose letters cover one another by more than the edge of a line. */
const OVERLAPS = `(() => {
  const overlaps = [];
  let texts = 0;
  for (const svg of document.querySelectorAll('figure svg')) {
    const boxes = [...svg.querySelectorAll('text')]
      .filter((text) => text.textContent.trim() !== '' && text.getClientRects().length > 0)
      .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    texts += boxes.length;
    boxes.forEach((one, index) => {
      for (const other of boxes.slice(index + 1)) {
        const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        const line = Math.min(one.box.height, other.box.height, one.box.width, other.box.width);
        if (across > 2 && down > 0.35 * line) overlaps.push(one.text + ' | ' + other.text);
      }
    });
  }
  return { overlaps, texts };
})()`;

const executable = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
if (executable === undefined)
  process.stderr.write(
    'test/report/page.long.test.ts: no chromium here (apt-get install chromium): the page is not opened in a browser\n',
  );

describe.skipIf(executable === undefined)('in a browser, from a file and without a network', () => {
  let browser: Browser;
  let folder: string;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'probprec-page-'));
    writeFileSync(join(folder, 'ordinary.html'), await page(ordinary(), true));
    writeFileSync(join(folder, 'hostile.html'), await page((CASES['hostile names'] ?? ordinary)(), true));
    browser = await chromium.launch({ executablePath: executable ?? '', args: ['--no-sandbox'] });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  async function open(
    name: string,
    width: number,
    colorScheme: 'light' | 'dark' = 'light',
    javaScriptEnabled = true,
  ): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      offline: true,
      colorScheme,
      javaScriptEnabled,
    });
    const opened = await context.newPage();
    opened.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
    opened.on('pageerror', (error) => problems.push(error.message));
    opened.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    opened.on('request', (request) => {
      if (!request.url().startsWith('file:')) problems.push(`request: ${request.url()}`);
    });
    await opened.goto(pathToFileURL(join(folder, `${name}.html`)).href);
    return opened;
  }

  test.each([360, 768, 1280])('nothing is wider than %i pixels', async (width) => {
    for (const name of ['ordinary', 'hostile']) {
      const opened = await open(name, width);
      expect(await opened.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await opened.context().close();
    }
    expect(problems).toEqual([]);
  });

  test.each([
    [360, 'screen'],
    [768, 'screen'],
    [1280, 'screen'],
    [794, 'print'],
  ] as const)('at %i pixels, %s, no two texts of a figure overlap', async (width, media) => {
    for (const name of ['ordinary', 'hostile']) {
      const opened = await open(name, width);
      await opened.emulateMedia({ media });
      const found = await opened.evaluate(OVERLAPS);
      expect({ name, found }).toEqual({ name, found: { overlaps: [], texts: expect.any(Number) } });
      expect((found as { texts: number }).texts).toBeGreaterThan(100);
      await opened.context().close();
    }
  });

  test('what hover says are the numbers of compare --format json', async () => {
    const opened = await open('ordinary', 1280);
    const { tables } = JSON.parse(comparisonJson(ordinary()));
    const [{ rows }] = tables;
    const drawing = opened.locator('#problem-1-finals .drawing');
    await drawing.focus();
    const hover = opened.locator('#hover');
    const said = new Set<string>();
    for (let presses = 0; presses < 40; presses++) {
      await opened.keyboard.press('ArrowRight');
      await expect.poll(() => hover.isVisible(), { timeout: 30_000 }).toBe(true);
      said.add((await hover.textContent()) ?? '');
    }
    expect(rows.length).toBeGreaterThan(3);
    for (const { name, origin, final, detail } of rows) {
      const label = origin === 'results' ? name : `${name} (${origin})`;
      const values = detail.runs.flatMap((run: { final: number | null }) => run.final ?? []);
      for (const value of [final.mean, ...values]) {
        // Seven digits, as the page keeps them.
        const stated = [...said]
          .filter((text) => text.startsWith(`optimizer: ${label}\n`))
          .map((text) => Number(text.split('value: ')[1]));
        expect(stated).toContain(Number(value.toPrecision(7)));
      }
    }
    await opened.context().close();
    expect(problems).toEqual([]);
  }, 120_000);

  test('by keyboard alone: a filter, the scale and everything again, and the legend closes up', async () => {
    const opened = await open('ordinary', 1280);
    const figure = opened.locator('#problem-1-grid');
    const texts = () => figure.locator('svg').textContent();
    const height = async () => Number((await figure.locator('svg').getAttribute('viewBox'))?.split(' ')[3]);
    const before = await height();
    await opened.locator('input[name=optimizer]').first().focus();
    for (let box = 0; box < 2; box++) {
      await opened.keyboard.press('Space');
      await opened.keyboard.press('Tab');
    }
    await expect.poll(texts, { timeout: 30_000 }).not.toContain('PreconditionedSGD (n = 2');
    expect(await height()).toBeLessThan(before);
    await opened.locator('input[name=scale]:checked').focus();
    await opened.keyboard.press('ArrowRight');
    expect(await opened.locator('input[name=scale][value=linear]').isChecked()).toBe(true);
    await opened.keyboard.press('Tab');
    await opened.keyboard.press('Enter');
    await expect.poll(texts, { timeout: 30_000 }).toContain('PreconditionedSGD (n = 2');
    expect(await opened.locator('input[name=scale][value=drawn]').isChecked()).toBe(true);
    await opened.context().close();
    expect(problems).toEqual([]);
  }, 120_000);

  test('a checker of accessibility finds nothing, light and dark', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const opened = await open('ordinary', 1280, scheme);
      await opened.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
      const found = (await opened.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].html.slice(0, 200)))',
      )) as string[];
      expect(found).toEqual([]);
      await opened.context().close();
    }
  }, 120_000);

  test('filters, the scale and values on hover work', async () => {
    const opened = await open('ordinary', 1280);
    const figure = opened.locator('#problem-1-grid');
    expect(await figure.locator('svg').textContent()).toContain('Momentum (n = 3');
    await opened.locator('input[name=optimizer][value=Momentum]').focus();
    await opened.keyboard.press('Space');
    await expect.poll(() => figure.locator('svg').textContent(), { timeout: 30_000 }).not.toContain('Momentum (n = 3');
    expect(await opened.locator('tr[data-key=Momentum]:visible').count()).toBe(0);
    await opened.locator('input[name=metric][value=train_losses]').uncheck();
    await expect.poll(() => figure.locator('svg').textContent(), { timeout: 30_000 }).not.toContain('train loss');
    await opened.locator('input[name=scale][value=log]').check();
    await opened.locator('input[name=problem][value=quadratic_deep]').uncheck();
    expect(await opened.locator('section[data-problem=quadratic_deep]').isVisible()).toBe(false);
    await opened.locator('button[type=reset]').click();
    await expect.poll(() => figure.locator('svg').textContent(), { timeout: 30_000 }).toContain('Momentum (n = 3');
    await figure.locator('.drawing').hover();
    const marker = figure.locator('.mark-symbol path').nth(1);
    await marker.scrollIntoViewIfNeeded();
    const point = await marker.boundingBox();
    if (point === null) throw new Error('no point of a curve');
    const hover = opened.locator('#hover');
    await opened.mouse.move(point.x + point.width / 2, point.y + point.height / 2, { steps: 4 });
    await expect.poll(() => hover.isVisible(), { timeout: 10_000 }).toBe(true);
    expect(await hover.textContent()).toMatch(/optimizer: /);
    await opened.context().close();
    expect(problems).toEqual([]);
  }, 120_000);

  test('what is filtered stands in the address, and the address filters', async () => {
    const opened = await open('ordinary', 1280);
    await opened.locator('input[name=optimizer][value=Momentum]').uncheck();
    await opened.locator('input[name=scale][value=log]').check();
    await opened.locator('nav a[href="#problem-1"]').click();
    await expect.poll(() => opened.url()).toMatch(/#problem-1\?without-optimizer=Momentum&scale=log$/);
    const url = opened.url();
    await opened.goto('about:blank');
    await opened.goto(url);
    const figure = opened.locator('#problem-1-finals');
    await expect.poll(() => figure.locator('svg').textContent(), { timeout: 30_000 }).not.toContain('Momentum (');
    expect(await opened.locator('tr[data-key=Momentum]:visible').count()).toBe(0);
    expect(await opened.locator('input[name=scale][value=log]').isChecked()).toBe(true);
    expect(await opened.evaluate('scrollY')).toBeGreaterThan(100);
    await opened.locator('button[type=reset]').click();
    await expect.poll(() => opened.url()).toMatch(/#problem-1$/);
    await expect.poll(() => figure.locator('svg').textContent(), { timeout: 30_000 }).toContain('Momentum (');
    const settings = opened.locator('input[name=setting]');
    expect(await settings.count()).toBeGreaterThan(1);
    for (const box of await settings.all()) await box.uncheck();
    expect(await opened.locator('tr[data-key]:visible').count()).toBe(0);
    await opened.context().close();
    expect(problems).toEqual([]);
  }, 120_000);

  test('the arrow keys go through the values of a figure', async () => {
    const opened = await open('ordinary', 360);
    const drawing = opened.locator('#problem-1-finals .drawing');
    await drawing.focus();
    const hover = opened.locator('#hover');
    await opened.keyboard.press('ArrowRight');
    await expect.poll(() => hover.isVisible(), { timeout: 30_000 }).toBe(true);
    const first = await hover.textContent();
    expect(first).toMatch(/optimizer: .*\nvalue: 0\.\d+/);
    await opened.keyboard.press('ArrowRight');
    await expect.poll(() => hover.textContent()).not.toBe(first);
    await opened.keyboard.press('ArrowLeft');
    await expect.poll(() => hover.textContent()).toBe(first);
    await opened.keyboard.press('Escape');
    expect(await hover.isVisible()).toBe(false);
    await opened.context().close();
    expect(problems).toEqual([]);
  }, 120_000);

  test('hostile names stay text when figures are drawn again', async () => {
    const opened = await open('hostile', 768);
    await opened.locator('input[name=scale][value=linear]').check();
    await expect.poll(() => opened.locator('figure[data-drawn]').count(), { timeout: 30_000 }).toBeGreaterThan(3);
    expect(await opened.locator('img').count()).toBe(0);
    await opened.context().close();
    expect(problems).toEqual([]);
  }, 120_000);

  test('without JavaScript pictures and tables are there, and no form that does nothing', async () => {
    const opened = await open('ordinary', 768, 'light', false);
    expect(await opened.locator('figure svg').first().isVisible()).toBe(true);
    expect(await opened.locator('form').isVisible()).toBe(false);
    await opened.context().close();
  });
});
