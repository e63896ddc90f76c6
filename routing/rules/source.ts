// routing/rules/source.ts: what rules are told of a request and of its answer. The gateway reads it from the heads when it
// is asked; rules never see a socket. All text has one character a byte.

export interface RequestSource {
  /**
   * A CGI variable as a uwsgi node would get it ("PATH_INFO", "HTTP_X_USER", "REMOTE_ADDR"); undefined: absent. PATH_INFO
   * is decoded and without dot segments; the rules that merge and decode slashes have been applied.
   */
  read(name: string): string | undefined
  /** A field's value, all of that name joined. @param name in lower case */
  header(name: string): string | undefined
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

/** What is known of a file; null in place of it: there is nothing, or nothing that may be looked at. */
export interface FileFacts {
  readonly isFile: boolean
  readonly isDirectory: boolean
  /** The name itself is a symbolic link; all else is told of what it leads to. */
  readonly isLink: boolean
  /** May be read by us. */
  readonly isReadable: boolean
  /** May be executed by us; a directory: may be entered. */
  readonly isExecutable: boolean
  readonly mtimeMs: number
}

/** What is neither of one request: the clock, counters, files, the log. One for each process. */
export interface RuleWorld {
  /** Microseconds since 1970. */
  now(): number
  uuid(): string
  /** [0, 1) */
  random(): number
  readonly pid: number
  log(text: string): void
  alarm(name: string, text: string): void
  metric(name: string): number
  setMetric(name: string, value: number): void
  /**
   * May be a second old.
   *
   * @returns undefined: not known by now; an Ask 'file' finds out
   */
  knownFile(path: string): FileFacts | null | undefined
  /** The same, at once, for chains that cannot wait. */
  file(path: string): FileFacts | null
  /** By the extension of a path; '': none known. */
  mimeType(path: string): string
}
