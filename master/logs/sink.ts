// master/logs/sink.ts: a place that log lines go to. Nobody ever waits for it and no failure leaves it: what it
// cannot take is dropped, counted and told now and then.

export interface LogSink {
  /** So much waits that whoever can wait should. */
  readonly isFull: boolean
  /** @param lines whole lines, each with its line feed, one character a byte */
  write(lines: string): void
  /** Calls back, once, when {@link isFull} has become false. */
  onceRoom(callback: () => void): void
  /** Resolves when nothing more goes to a file that was renamed. */
  reopen(): Promise<void>
  /** Resolves when what was written has left, or is lost. */
  close(): Promise<void>
  /** For the last moment of the process: what can leave without waiting leaves. */
  lastWords(): void
}

/** Told when lines are lost, at most once a minute. @param text "NAME: why; N lines were lost so far" */
export type OnTrouble = (text: string, dropped: number) => void

/** A receiver on the network. */
export interface RemoteOptions {
  readonly host: string
  readonly port: number
  /** What is sent for a line, which comes without its line feed. */
  readonly frame: (line: string) => string
  readonly onTrouble: OnTrouble
}

/** Between two tellings of trouble with one place. */
export const TROUBLE_MS = 60_000

/** Longest line that is sent over the network: receivers of syslog take no longer ones. */
const LONGEST_BYTES = 8192

/** Calls `send` with each line, without its line feed and not longer than receivers take. */
export function forEachLine(lines: string, send: (line: string) => void): void {
  let start = 0
  for (let end = lines.indexOf('\n'); end >= 0; end = lines.indexOf('\n', start)) {
    send(lines.slice(start, Math.min(end, start + LONGEST_BYTES)))
    start = end + 1
  }
}
