import { DataError } from '../../errors.js';
import { codeOf, exitCodeOf, reasonOf } from '../../system-reasons.js';
import { option, say } from '../../words.js';

/** Why a mirror did not give a file, in words, and whether asking it again may help. */
export class MirrorFault extends Error {
  override readonly name = 'MirrorFault';
  readonly again: boolean;
  /** How long the server asks to wait before; null if it does not say. */
  readonly afterSeconds: number | null;

  constructor(
    message: string,
    { again = false, afterSeconds = null as number | null, cause = undefined as unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.again = again;
    this.afterSeconds = afterSeconds;
  }
}

/** Faults of this machine's disk that do not name a path: those of an open file. */
const LOCAL = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'ERR_FS_EISDIR']);

/** Faults of a connection that another try may not meet. A host that refuses or is unknown will do so again. */
const PASSING = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'HPE_INVALID_EOF_STATE', 'Z_BUF_ERROR']);

const UNKNOWN_HOST = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA']);

/** Whether an error is one of this machine's disk, which no mirror can help. */
export function localFault(error: unknown): boolean {
  const code = innerCodeOf(error);
  if (code === null || !(error instanceof Error)) return false;
  // A connection may be refused with EACCES or EPERM too, by a firewall: that error has an address.
  // Errors of TLS have a path too, which is undefined.
  const namesPath = 'path' in error && typeof error.path === 'string';
  return namesPath || (LOCAL.has(code) && !('address' in error));
}

/** The error of a place in a data directory that cannot be written. */
export function unwritable(path: string, error: unknown): DataError {
  const exitCode = exitCodeOf(error);
  return new DataError(
    {
      subject: path,
      what: `cannot be written (${reasonOf(error)})`,
      remedy: say`give another ${option('data_dir')}`,
    },
    { cause: error, ...(exitCode === undefined ? {} : { exitCode }) },
  );
}

/** Any error of asking a server, as a fault of that server. */
export function asMirrorFault(error: unknown): MirrorFault {
  if (error instanceof MirrorFault) return error;
  if (error instanceof DataError) return new MirrorFault(error.message, { cause: error });
  const code = innerCodeOf(error);
  const again = code !== null && PASSING.has(code);
  return new MirrorFault(describe(error, code), { again, cause: error });
}

function describe(error: unknown, code: string | null): string {
  if (code === null) return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  if (UNKNOWN_HOST.has(code)) return `the host name cannot be resolved (${code})`;
  if (code.includes('CERT') || code.includes('SIGNATURE') || code.includes('ISSUER')) {
    return `its certificate is not trusted (${code}; NODE_EXTRA_CA_CERTS names a file with further authorities)`;
  }
  if (code.startsWith('HPE_')) return `its answer is no HTTP (${code})`;
  if (code.startsWith('Z_')) return `its compressed answer cannot be unpacked (${code})`;
  return `the connection failed (${code})`;
}

/** The system's error code, perhaps of the cause, or of the first of several errors. */
function innerCodeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof AggregateError && error.errors.length > 0) return innerCodeOf(error.errors[0]);
  if ('code' in error && typeof error.code === 'string') return codeOf(error);
  return innerCodeOf(error.cause);
}
