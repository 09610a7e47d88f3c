/** One thing that was looked at in a user's file. */
export interface Finding {
  /** What must hold, in words. */
  readonly what: string;
  /** Why it does not, one line; null where it holds. */
  readonly fault: string | null;
}

/** Looks at one thing; what is thrown says why it does not hold. */
export async function finding(what: string, look: () => unknown): Promise<Finding> {
  try {
    await look();
    return { what, fault: null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { what, fault: message.split('\n')[0] ?? message };
  }
}
