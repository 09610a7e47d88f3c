import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { codeOf, exitCodeOf, reasonOf } from '../src/system-reasons.js';

/** As Node throws an error of this number, of which libuv has no name. */
function unnamed(number: number): Error {
  const text = `Unknown system error -${number}`;
  return Object.assign(new Error(`${text}: ${text}, mkdir '/home/results'`), { code: text, errno: -number });
}

test.each([
  ['EDQUOT', 'disk quota exceeded', 1],
  ['ESTALE', 'the file server no longer knows the file (ESTALE)', 1],
  ['ENOLCK', `Unknown system error -${constants.errno.ENOLCK} (ENOLCK)`, undefined],
] as const)('%s, which Node has no name for, is told in words', (name, reason, exitCode) => {
  const error = unnamed(constants.errno[name]);
  expect([codeOf(error), reasonOf(error), exitCodeOf(error)]).toEqual([name, reason, exitCode]);
});

test('an error that Node names keeps its words and its code', () => {
  const error = Object.assign(new Error("EXDEV: cross-device link not permitted, rename '/a' -> '/b'"), {
    code: 'EXDEV',
  });
  expect([codeOf(error), reasonOf(error)]).toEqual(['EXDEV', 'cross-device link not permitted (EXDEV)']);
  expect([codeOf(null), reasonOf('gone')]).toEqual(['', 'gone']);
});
