import { expect } from 'vitest';
import { EngineError } from '../../src/errors.js';

/** The message of the EngineError, of one line, that an action throws. */
export async function messageOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  return 'no error';
}
