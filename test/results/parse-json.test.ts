import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random/index.js';
import type { JsonValue } from '../../src/results/canonical-json.js';
import { JsonFault, parseJson } from '../../src/results/parse-json.js';

function fault(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof JsonFault) return `${error.message} at ${error.position}`;
    throw error;
  }
  throw new Error(`${text.slice(0, 40)} was accepted`);
}

describe('strict JSON is read as JSON.parse reads it', () => {
  test.each([
    '{}',
    '[]',
    ' \t\r\n{ "a" : [ 1 , 2.5e-3 , -0 , null , true , false ] } \n',
    '{"":{"constructor":1,"toString":2}}',
    '"\\u00e9\\ud83d\\ude00\\"\\\\\\n and a text that is longer"',
    `[${Array.from({ length: 1000 }, (_, index) => index / 7).join(', ')}]`,
    `[${Array(100).fill('{"a":"]"}').join(',')}]`,
    '-1.5E+10',
  ])('%s', (text) => expect(parseJson(text).value).toEqual(JSON.parse(text)));

  test('random values, 500 of them (stream of parse-json)', () => {
    const random = randomStream(1, 'parse-json', 0);
    const make = (depth: number): JsonValue => {
      const kind = random.integer(depth > 3 ? 5 : 7);
      const text = () => String.fromCharCode(...Array.from({ length: random.integer(20) }, () => random.integer(300)));
      if (kind === 0) return null;
      if (kind === 1) return random.integer(2) === 0;
      if (kind < 4) return (random.uniform() - 0.5) * 10 ** (random.integer(40) - 20);
      if (kind === 4) return text();
      const length = random.integer(8);
      const members = Array.from({ length }, () => make(depth + 1));
      return kind === 5 ? members : Object.fromEntries(members.map((value) => [text(), value]));
    };
    for (let index = 0; index < 500; index++) {
      const text = JSON.stringify(make(0), null, random.integer(3));
      expect(parseJson(text).value, text).toEqual(JSON.parse(text));
    }
  });
});

test('what JSON.parse alone would let pass is refused wherever it stands', () => {
  for (const [text, said] of [
    ['{"a":1,"b":{"c":2,"c":3}}', /the key "c" twice/],
    ['{"a":1,"a" :2}', /the key "a" twice/],
    ['{"a":1,"a"\n:2,"b":":"}', /the key "a" twice/],
    ['[{"x":":","x":1}]', /the key "x" twice/],
    ['{"a":1,"\\u0061":2}', /the key "a" twice/],
    ['{"a":{"__proto__":1}}', /the key __proto__/],
    ['{"a":{"\\u005f_proto__":1}}', /the key __proto__/],
    ['{"a":[1,1e999]}', /a number beyond float64/],
    [`${'['.repeat(300)}${']'.repeat(300)}`, /nested deeper than 200/],
  ] as const) {
    expect(fault(text)).toMatch(said);
  }
});

describe('Python', () => {
  test('bare tokens are numbers, and the first is named', () => {
    const { value, token } = parseJson('{"a": [NaN, -Infinity], "b": Infinity, "c": "NaN"}');
    expect(value).toEqual({ a: [Number.NaN, Number.NEGATIVE_INFINITY], b: Number.POSITIVE_INFINITY, c: 'NaN' });
    expect(token).toEqual({ text: 'NaN', position: 7 });
    expect(parseJson('{"c": "NaN"}').token).toBeNull();
  });

  test('long lists with tokens', () => {
    const list = Array.from({ length: 500 }, (_, index) => (index % 3 === 0 ? 'NaN' : String(index)));
    const expected = list.map((entry) => (entry === 'NaN' ? Number.NaN : Number(entry)));
    expect(parseJson(`[${list.join(', ')}]`).value).toEqual(expected);
  });

  test('where the members of the root lie', () => {
    const text = '{"a" : [1] , "b":{"c":2}}';
    const texts = [...parseJson(text).members].map(([key, [start, end]]) => [key, text.slice(start, end)]);
    expect(texts).toEqual([
      ['a', '[1]'],
      ['b', '{"c":2}'],
    ]);
  });
});

describe('refused', () => {
  test.each([
    ['{"a":1,"a":2}', 'the key "a" twice in one object at 7'],
    ['{"__proto__":1}', 'the key __proto__, which no name may be at 1'],
    ['{"a":{"\\u005f_proto__":1}}', 'the key __proto__, which no name may be at 6'],
    ['[1e999]', '"1e999", a number beyond float64 at 1'],
    [`[${'1,'.repeat(500)}-1e999]`, '"-1e999", a number beyond float64 at 1001'],
    ['[01]', '"01]" instead of a value at 1'],
    ['[1.]', '"1.]" instead of a value at 1'],
    ['[+1]', '"+1]" instead of a value at 1'],
    ['["a', 'a text without closing quotation mark at 1'],
    ['{"a" 1}', '"1}" instead of a colon at 5'],
    ['[1 2]', '"2]" instead of a comma or ] at 3'],
    ['{"a":1', 'its end instead of a comma or } at 6'],
    ['{} x', '"x" instead of the end of the text at 3'],
    ['', 'its end instead of a value at 0'],
  ])('%s', (text, message) => expect(fault(text)).toBe(message));

  test('control characters in a text', () => {
    expect(fault('"a\nb"')).toContain('control character');
    expect(fault('"a\\x"')).toContain('wrong escape');
  });

  test.each(['[', '{"a":', '[[1],'])('endless nesting of %s', (text) => {
    expect(fault(text.repeat(3000))).toContain('nested deeper than 200');
  });
});

/** Texts on which a reader that goes back takes time quadratic in their length, or runs out of stack. */
describe('two million characters of anything take less than five seconds', () => {
  const million = 1_000_000;
  test.each<[string, string]>([
    ['escaped quotation marks that never close', `{"x":"${'\\"'.repeat(million)}`],
    ['backslashes', `"${'\\'.repeat(2 * million)}`],
    ['minus signs', '-'.repeat(2 * million)],
    ['digits', '9'.repeat(2 * million)],
    ['a list that never closes', `[${'1,'.repeat(million)}`],
    ['lists in lists that never close', '[1,'.repeat(700_000)],
    ['lists in lists that close', `${'['.repeat(million)}${']'.repeat(million)}`],
    ['lists and objects of numbers in each other', `${'[1,{"a":'.repeat(150_000)}1${'}]'.repeat(150_000)}`],
    ['brackets inside texts', `[${'"]",'.repeat(500_000)}1]`],
    ['one long text', `{"x":"${'x'.repeat(2 * million)}"}`],
    ['white space', `${' '.repeat(2 * million)}1`],
    ['200,000 keys', `{${Array.from({ length: 200_000 }, (_, index) => `"${index}":1`).join(',')}}`],
  ])('%s', (_, text) => {
    const start = performance.now();
    try {
      parseJson(text);
    } catch (error) {
      expect(error).toBeInstanceOf(JsonFault);
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
