// gateway/asks/lines.ts: what a thread or process writes, line by line, for a log.
const LONGEST_LINE = 2_000

/** A line without end must not grow: it is cut. */
export function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line !== '') onLine(line.slice(0, LONGEST_LINE))
    if (rest.length < LONGEST_LINE) return
    onLine(rest.slice(0, LONGEST_LINE))
    rest = ''
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
