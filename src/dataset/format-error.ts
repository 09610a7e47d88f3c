/** Bytes that are not what their format says, or hold something else than images. The message says what, not where. */
export class FormatError extends Error {
  override readonly name: string = 'FormatError';
}
