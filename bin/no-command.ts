// bin/no-command.ts: words that people try as commands, and what to write instead.

const INSTEAD: Readonly<Record<string, string>> = {
  version: 'Write "sluice --version"',
  help: 'Write "sluice --help"',
  start: 'Write "sluice FILE.ini"',
  run: 'Write "sluice FILE.ini"',
  serve: 'Write "sluice FILE.ini"',
  restart: 'Write "sluice reload --replace", or "sluice stop" and start it again',
}

/** @returns what to say to the word; null for any other, which is the name of a file then */
export function noCommandText(word: string): string | null {
  const instead = Object.hasOwn(INSTEAD, word) ? INSTEAD[word] : undefined
  return instead === undefined ? null : `sluice: there is no command "${word}". ${instead}.\n`
}
