/** The version of a user's optimizer that people see: the first eight digits of its source's SHA-256. */
export function optimizerVersion(sha256: string): string {
  return sha256.slice(0, 8);
}
