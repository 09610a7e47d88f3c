/** Where the data sets are: --data-dir, else $PROBPREC_DATA_DIR, else ./data. */
export function dataDirectory(option: string | undefined): string {
  return option ?? (process.env.PROBPREC_DATA_DIR || 'data');
}
