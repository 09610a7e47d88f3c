import type { ListName } from '../options.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import type { Listing } from './listing.js';

/** Prints a table, or with `json` a list of objects, of what there is, users' `files` included. */
export async function list(what: ListName, files: readonly string[], json: boolean, terminal: Terminal): Promise<void> {
  const listing = await listings[what](files);
  if (json) return terminal.result(JSON.stringify(listing.entries, null, 2));
  if ('text' in listing) return terminal.result(await listing.text(terminal));
  terminal.result(formatTable(listing.header, listing.rows, terminal));
}

/** What one list needs is loaded when it is asked for: no list needs much of what the others do. */
const listings: Record<ListName, (files: readonly string[]) => Promise<Listing>> = {
  async testproblems(files) {
    const { testProblemEntries, testProblemList } = await import('./list-testproblems.js');
    const entries = await testProblemEntries(files);
    return { entries, text: (screen) => testProblemList(entries, screen) };
  },
  async optimizers(files) {
    const { optimizerEntries, optimizerList } = await import('./list-optimizers.js');
    const entries = await optimizerEntries(files);
    return { entries, text: (screen) => optimizerList(entries, screen) };
  },
  async datasets(files) {
    return (await import('./list-datasets.js')).datasetListing(files);
  },
  async engines() {
    const { enginesInWords } = await import('../engines-in-words.js');
    const entries = await enginesInWords();
    const rows = entries.map(({ name, device, usable, default: isDefault, version, reason }) => [
      ...[name, device, usable ? 'yes' : 'no', isDefault ? 'yes' : 'no', version, reason],
    ]);
    return { entries, header: ['name', 'device', 'usable', 'default', 'version', 'reason'], rows };
  },
  async baselines() {
    return (await import('./list-baselines.js')).baselineListing();
  },
};
