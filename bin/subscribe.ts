// bin/subscribe.ts: `sluice subscribe`: announces any service to Sluice or to a router of uWSGI. Loads nothing of an instance.
import { readWanted, SubscribeProblem } from './subscribe-arguments.ts'
import { SubscribedService } from './subscribed-service.ts'

const HELP = `Usage: sluice subscribe --to HOST:PORT --key KEY --address [PROTO://]ADDRESS [OPTIONS] [-- COMMAND...]

Announces a service to a subscription server: that of Sluice (http-subscription-server) or of a uWSGI router. It is
announced while its check passes, and leaves when the check fails, at INT or TERM, and when COMMAND ends.

  --to HOST:PORT         the subscription server; also a multicast group. Repeat it for several
  --key KEY              what is served: shop.example, shop.example:8080, .example (all below), shop.example/cart.
                         Repeat it for several
  --address ADDRESS      where: [PROTO://]HOST:PORT, :PORT, /path or @abstract. PROTO is uwsgi (the default), http,
                         https, h2, fastcgi or scgi; uWSGI 2.0 knows uwsgi only, Sluice takes uwsgi
                         and http so far. :PORT is the address that the announcement comes from, which Sluice
                         fills in, and a router of uWSGI does not
  --weight N             its share of the requests, 1 to 65535 [1]
  --backup N             serves only once no node of a lower level does, 0 to 255 [0]
  --modifier1 N          what uwsgi nodes are told [0]
  --sign DIGEST:FILE     sign by this private key: SHA256:/etc/sluice/private.pem
  --check CHECK          tcp: it accepts connections; http:/path: it answers GET /path with 200 to 399; none [tcp]
  --interval S           seconds between checks [1]
  --timeout S            seconds that a check may take [2]
  --fall N               failed checks in a row after which it leaves; one that passes brings it back [3]
  --freq S               seconds between announcements [10]
  --ttl N                hops to a multicast group [1]

With COMMAND, it is started first, with our input and output, and is announced once the check passes. TERM or INT: the
service leaves, what it has in hand may end, then COMMAND gets TERM. A second TERM does not wait, a third one kills.
HUP is passed on. The exit code is that of COMMAND; 128 and the signal when one ended it.

  --drain S              longest wait for open connections to end [20; 0 without COMMAND]
  --mercy S              seconds from TERM to KILL [10]

Examples:
  sluice subscribe --to 10.0.0.1:4040 --key shop.example --address http://10.0.0.7:3000 -- node server.js
  sluice subscribe --to gateway:4040 --key .example --address :3031 --check tcp
`

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Ends the process. @param argv without node, script and the word "subscribe" */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    process.exit(await subscribe(argv))
  } catch (error) {
    process.stderr.write(`sluice subscribe: ${errorText(error)}\n`)
    process.exit(1)
  }
}

/** @returns the exit code. @throws SubscribeProblem */
async function subscribe(argv: readonly string[]): Promise<number> {
  const wanted = readWanted(argv)
  if (wanted === null) {
    process.stdout.write(HELP)
    return 0
  }
  const say = (line: string) => process.stderr.write(`sluice subscribe: ${line}\n`)
  for (const warning of wanted.warnings) say(`warning: ${warning}.`)
  process.stderr.on('error', () => {}) // who reads us has left: the service goes on
  let service: SubscribedService | null = null
  for (const signal of SIGNALS) process.on(signal, () => service?.signal(signal)) // first: none may orphan the command
  service = new SubscribedService(wanted, say)
  return service.run()
}

function errorText(error: unknown): string {
  if (error instanceof SubscribeProblem) return error.message
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (process.env.SLUICE_DEBUG) return String(stack)
  return `internal error: ${message.split('\n')[0]}. Set SLUICE_DEBUG=1 to see more, and report it.`
}
