import { at } from '../expect.js';
import { type RandomStream, randomStream } from '../random/index.js';

const SEED = 20190506;
const WORDS = 400;

/**
 * A synthetic text of so many characters, as numbers below `characters`: sentences of words from a small vocabulary, the
 * frequent ones far more often (Zipf), in which a network can learn letters, words and where sentences begin. It depends on
 * the data set's name, the part and the length alone.
 */
export function syntheticText(name: string, part: string, length: number, characters: number): Int32Array {
  const words = vocabulary(randomStream(SEED, 'synthetic words', name), characters);
  const stream = randomStream(SEED, 'synthetic', name, part);
  const text = new Int32Array(length);
  // The most frequent characters of a text have the lowest numbers.
  const [space, stop, line] = [0, 1, 2];
  let [written, inSentence] = [0, 0];
  const write = (character: number) => {
    if (written < length) text[written] = character;
    written += 1;
  };
  while (written < length) {
    const word = at(words, Math.floor(WORDS ** stream.uniform()) - 1);
    for (const character of word) write(character);
    inSentence += 1;
    if (inSentence > 4 && stream.uniform() < 0.2) {
      for (const character of stream.uniform() < 0.2 ? [stop, line] : [stop, space]) write(character);
      inSentence = 0;
    } else write(space);
  }
  return text;
}

/** Words of alternating consonants and vowels. */
function vocabulary(stream: RandomStream, characters: number): number[][] {
  const letters = Array.from({ length: characters - 3 }, (_, index) => index + 3);
  const vowels = letters.slice(0, Math.max(1, Math.floor(letters.length / 6)));
  const consonants = letters.slice(vowels.length);
  const pick = (from: readonly number[]) => from[Math.floor(from.length * stream.uniform() ** 2)] ?? 3;
  return Array.from({ length: WORDS }, () =>
    Array.from({ length: 1 + stream.integer(4) }, () => [pick(consonants), pick(vowels)]).flat(),
  );
}
