/** This project's protocol, and that of DeepOBS 1.2.0-beta0 with its two defects (docs/protocol.md). The first is the default. */
export const PROTOCOLS = ['probprec', 'deepobs-beta'] as const;

/** One of the protocols. */
export type Protocol = (typeof PROTOCOLS)[number];
