/** Whether what was asked for means a file of the user's rather than a registered name. */
export function isUserFile(nameOrFile: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(nameOrFile);
}
