// routing/rules/source.ts: what rules are told of a request and of its answer. The gateway reads it from the heads when it
// is asked; rules never see a socket. All text has one character a byte.
import type { OurWorld } from './ours/our-world.ts'

export interface RequestSource {
  /** Address of the client itself, also behind trusted proxies, whatever variables say; '' for a UNIX socket. */
  readonly client: string
  /**
   * A CGI variable as a uwsgi node would get it ("PATH_INFO", "HTTP_X_USER", "REMOTE_ADDR"); undefined: absent. PATH_INFO
   * is decoded and without dot segments; the rules that merge and decode slashes have been applied.
   */
  read(name: string): string | undefined
  /** A field's value, all of that name joined. @param name in lower case */
  header(name: string): string | undefined
  /** Names of all fields, in lower case. */
  fieldNames(): readonly string[]
  /** First cookie of that name, as uWSGI reads it; an empty one is absent. */
  cookie(name: string): string | undefined
  /** Whether PATH_INFO differs from the path of the target by more than percent spelling. */
  readonly isPathChanged: boolean
  /** Length of the path in bytes, as sent. */
  readonly pathLength: number
  /** When its head was read, in microseconds since 1970. */
  readonly startedAt: number
}

export interface AnswerSource {
  readonly status: number
  /** Bytes of the body that were sent by now. */
  readonly sent: number
  /** A field's value, all of that name joined; undefined: absent. @param name in lower case */
  header(name: string): string | undefined
}

/** What is asked of a file. */
export type FileQuestion = 'exists' | 'file' | 'directory' | 'link' | 'executable' | 'time'

/** What is neither of one request: the clock, counters, files, the log. One for each process. */
export interface RuleWorld {
  /** Microseconds since 1970. */
  now(): number
  uuid(): string
  /** [0, 1) */
  random(): number
  readonly pid: number
  /** Texts of the log and of alarms hold whatever a client sent, line ends too. */
  log(text: string): void
  alarm(name: string, text: string): void
  metric(name: string): number
  setMetric(name: string, value: number): void
  /**
   * 1: yes, 0: no; for 'time' when it was last changed, in whole seconds since 1970, -1: there is no such file.
   * An answer may be a second old.
   *
   * @returns undefined: not known by now; an Ask 'file' finds out
   */
  knownFile(path: string, question: FileQuestion): number | undefined
  /** The same, at once, for chains that cannot wait. */
  file(path: string, question: FileQuestion): number
  /** By the extension of a path; '': none known. */
  mimeType(path: string): string
  /** For actions that uWSGI lacks. */
  readonly ours: OurWorld
}
