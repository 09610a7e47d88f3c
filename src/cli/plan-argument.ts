import { ALLOW_USER_CODE, type Plan, shellWord, userCodeOf } from '../sweep/index.js';

/** A plan as the next command is told about it, ready to be copied: quoted, and allowed to run what this one was. */
export function planArgument(plan: Plan): string {
  // No shell takes a control character as it is; the hint is for people then.
  const path = /\p{Cc}/u.test(plan.path) ? JSON.stringify(plan.path) : shellWord(plan.path);
  return [path, ...(userCodeOf(plan).length > 0 ? [ALLOW_USER_CODE] : [])].join(' ');
}
