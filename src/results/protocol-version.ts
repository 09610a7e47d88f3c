/**
 * Version of the protocol (data splits, evaluation, losses, random streams). Results of equal versions are comparable;
 * the CHANGELOG says when and why it changes.
 */
export const PROTOCOL_VERSION = 1;
