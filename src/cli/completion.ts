import type { Command, Option } from 'commander';

/** Shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Names that options take and declarations do not have, by the option. */
export type CompletionNames = Readonly<Record<string, readonly string[]>>;

/** One command as completion sees it. */
interface Entry {
  /** `sweep plan`; empty for the program. */
  readonly path: string;
  readonly text: string;
  readonly commands: readonly Entry[];
  readonly options: readonly {
    readonly flags: readonly string[];
    readonly text: string;
    /** What it takes: words, a file (or anything else), or nothing. */
    readonly takes: readonly string[] | 'file' | null;
  }[];
}

/** A script that completes commands, options and their values; made of the declarations of the command line. */
export function completionScript(program: Command, shell: Shell, names: CompletionNames): string {
  const root = entryOf(program, '', names);
  const lines = shell === 'fish' ? fish(root) : bash(root);
  return [
    `# ${shell} completion of probprec: probprec completion ${shell} made it.`,
    ...(shell === 'zsh' ? ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit'] : []),
    ...lines,
  ].join('\n');
}

function entryOf(command: Command, path: string, names: CompletionNames): Entry {
  const visible = command.options.filter((option) => !option.hidden);
  return {
    path,
    text: command.summary() || command.description().split('\n')[0] || '',
    commands: command.commands.map((child) => entryOf(child, `${path} ${child.name()}`.trim(), names)),
    options: [
      ...visible.map((option) => ({
        flags: [option.short, option.long].filter((flag) => flag != null),
        text: option.description,
        takes: takenBy(option, names),
      })),
      ...(visible.some(({ long }) => long === '--help')
        ? []
        : [{ flags: ['-h', '--help'], text: 'show this help', takes: null }]),
    ],
  };
}

function takenBy(option: Option, names: CompletionNames): readonly string[] | 'file' | null {
  if (!option.required && !option.optional) return null;
  const words = (option.parseArg as { readonly words?: readonly string[] } | undefined)?.words;
  return words ?? names[option.long ?? ''] ?? 'file';
}

function all(entry: Entry): Entry[] {
  return [entry, ...entry.commands.flatMap(all)];
}

const quotedWord = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A function for bash; zsh reads it by bashcompinit. The words before the cursor say which command it is. */
function bash(root: Entry): string[] {
  const entries = all(root);
  const cases = entries.flatMap(({ path, options, commands }) => {
    const values = options.flatMap(({ flags, takes }) =>
      takes === null
        ? []
        : [
            `      ${flags.join('|')}) ${takes === 'file' ? 'files=1' : `words=${quotedWord(takes.join(' '))}`}; own=0;;`,
          ],
    );
    const flags = options.flatMap((option) => option.flags.filter((flag) => flag.startsWith('--')));
    return [
      `  ${quotedWord(path)})`,
      '    case "$previous" in',
      ...values,
      '    esac',
      `    if [ $own = 1 ]; then words=${quotedWord([...commands.map((child) => child.path.split(' ').at(-1)), ...flags].join(' '))}; ${commands.length === 0 ? 'files=1; ' : ''}fi;;`,
    ];
  });
  const chains = entries.filter(({ path }) => path !== '').map(({ path }) => quotedWord(path));
  return [
    '_probprec() {',
    `  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"`,
    "  local path='' words='' files=0 own=1 prefix='' i word longer",
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    word="\${COMP_WORDS[i]}"`,
    `    longer="\${path:+$path }$word"`,
    `    case "$longer" in ${chains.join('|')}) path="$longer";; esac`,
    '  done',
    '  case "$path" in',
    ...cases,
    '  esac',
    '  case "$current" in -*) files=0;; esac',
    // The last name of a list with commas.
    `  if [ $own = 0 ]; then case "$current" in *,*) prefix="\${current%,*},";; esac; fi`,
    `  COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "\${current#"$prefix"}"))`,
    '  if [ $files = 1 ]; then COMPREPLY+=($(compgen -f -- "$current")); fi',
    '}',
    'complete -o filenames -F _probprec probprec',
  ];
}

function fish(root: Entry): string[] {
  const lines = ['complete -c probprec -f'];
  for (const entry of all(root)) {
    const seen = entry.path.split(' ').filter((name) => name !== '');
    const inside = seen.map((name) => `__fish_seen_subcommand_from ${name}`);
    const children = entry.commands.map((child) => child.path.split(' ').at(-1) ?? '');
    const before = children.length > 0 ? [`not __fish_seen_subcommand_from ${children.join(' ')}`] : [];
    const here = inside.join('; and ');
    const choosing = [...inside, ...before].join('; and ');
    for (const child of entry.commands) {
      lines.push(
        `complete -c probprec -n ${quotedWord(choosing)} -a ${child.path.split(' ').at(-1)} -d ${quotedWord(child.text)}`,
      );
    }
    for (const { flags, text, takes } of entry.options) {
      const named = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
      const condition = here === '' ? '__fish_use_subcommand' : choosing;
      const value = takes === null ? '' : takes === 'file' ? ' -r -F' : ` -x -a ${quotedWord(takes.join(' '))}`;
      lines.push(`complete -c probprec -n ${quotedWord(condition)} ${named.join(' ')}${value} -d ${quotedWord(text)}`);
    }
    if (children.length === 0) lines.push(`complete -c probprec -n ${quotedWord(here)} -F`);
  }
  return lines;
}
