import type { UserCode } from '../user-file/user-code.js';

/** What gives other values each time. */
type Kind = 'chance' | 'clock';

/** Milliseconds by which a second run sees the clocks ahead: a day and some seconds. */
export const AHEAD = 86_412_345.678;

/** Watches a user's code for calls of chance and clock, which no seed repeats. */
export class ChangingValues {
  readonly #code: UserCode;
  readonly #calls = new Map<string, Kind>();
  /** Milliseconds by which the user's code sees the clocks ahead. */
  #ahead = 0;

  constructor(code: UserCode) {
    this.#code = code;
  }

  /** `; mine.mjs:7 calls Math.random()`, or an empty text. */
  get suffix(): string {
    const calls = [...this.#calls.keys()];
    return calls.length === 0 ? '' : `; ${calls.slice(0, 3).join(', ')}`;
  }

  /** Calls of chance, `mine.mjs:7 calls Math.random()`. */
  get chance(): readonly string[] {
    return [...this.#calls].flatMap(([call, kind]) => (kind === 'chance' ? [call] : []));
  }

  /** Calls `body`; what it asks of the clocks directly is `ahead` by so many milliseconds, so that two calls never see the same time. */
  async during<T>(body: () => Promise<T>, ahead = 0): Promise<T> {
    const restore = this.#watch();
    this.#ahead = ahead;
    try {
      return await body();
    } finally {
      restore();
    }
  }

  /** Whether the caller of the caller is the user's; then the call is noted. */
  #isUsers(error: Error, name: string, kind: Kind): boolean {
    const place = this.#code.callerPlace(error);
    if (place !== null) this.#calls.set(`${place} calls ${name}`, kind);
    return place !== null;
  }

  #watch(): () => void {
    const undo: (() => void)[] = [];
    const replace = <Owner extends object, Name extends keyof Owner>(
      owner: Owner,
      name: Name,
      by: (original: Owner[Name]) => Owner[Name],
    ) => {
      const original = owner[name];
      owner[name] = by(original);
      undo.push(() => {
        owner[name] = original;
      });
    };
    const { Date: RealDate, performance, crypto } = globalThis;
    replace(Math, 'random', (random) => () => {
      this.#isUsers(new Error(), 'Math.random()', 'chance');
      return random();
    });
    replace(crypto, 'randomUUID', (uuid) => () => {
      this.#isUsers(new Error(), 'crypto.randomUUID()', 'chance');
      return uuid.call(crypto);
    });
    replace(crypto, 'getRandomValues', (fill) => (array) => {
      this.#isUsers(new Error(), 'crypto.getRandomValues()', 'chance');
      fill.call(crypto, array);
      return array;
    });
    replace(performance, 'now', (now) => () => {
      const users = this.#isUsers(new Error(), 'performance.now()', 'clock');
      return now.call(performance) + (users ? this.#ahead : 0);
    });
    replace(RealDate, 'now', (now) => () => {
      const users = this.#isUsers(new Error(), 'Date.now()', 'clock');
      return now() + (users ? this.#ahead : 0);
    });
    const dateAt = (milliseconds: number) => new RealDate(milliseconds);
    replace(globalThis, 'Date', (original) => {
      const watched = new Proxy(original, {
        construct: (target, given, newTarget) => {
          const users = given.length === 0 && this.#isUsers(new Error(), 'new Date()', 'clock');
          return users
            ? dateAt(target.now() + this.#ahead)
            : (Reflect.construct(target, given, newTarget as NewableFunction) as object);
        },
      });
      return watched;
    });
    return () => {
      for (const back of undo.toReversed()) back();
    };
  }
}
