import { FileError } from '../errors.js';

/** A file that is as its writer meant it and has nothing that a comparison could use; it is left out, which is no fault. */
export class NothingToCompare extends FileError {
  /** Why, without the file. */
  readonly why: string;

  constructor(file: string, why: string) {
    super({ place: file, what: why });
    this.why = why;
  }
}
