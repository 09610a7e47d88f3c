import { FileError } from '../errors.js';

/** A file that is as its writer meant it and has nothing that a comparison could use; it is left out, which is no fault. */
export class NothingToCompare extends FileError {}
