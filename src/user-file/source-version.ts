/** The version of a user's file that people see: the first eight digits of its source's SHA-256. */
export function sourceVersion(sha256: string): string {
  return sha256.slice(0, 8);
}
