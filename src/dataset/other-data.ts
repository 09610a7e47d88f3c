import { option, say } from '../words.js';

/** What else to do about data that are not there or not right, for the end of an error. */
export const OTHER_FOLDER = say`or give another ${option('data_dir')}`;

/** The same about data for which generated ones can stand. */
export const OTHER_DATA = say`${OTHER_FOLDER}, or ${option('data', 'synthetic')}`;
