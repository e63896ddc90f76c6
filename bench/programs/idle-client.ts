// bench/programs/idle-client.ts: connections that ask once and stay: node PORT http|https HOST COUNT.
//
// Says "ready" once all have their answer. For each line on its input it says how many are open; ends with its input.
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { connect as connectTls } from 'node:tls'

/** As many are being opened at a time: less than any queue of connections not accepted yet. */
const AT_A_TIME = 64

const [, , port, protocol, host, count] = process.argv
const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`
const open = new Set<Socket>()

await Promise.all(Array.from({ length: AT_A_TIME }, (_, turn) => openFrom(turn)))
process.stdout.write('ready\n')
for await (const _line of createInterface(process.stdin)) process.stdout.write(`${open.size}\n`)
process.exit()

async function openFrom(turn: number): Promise<void> {
  for (let made = turn; made < Number(count); made += AT_A_TIME) await openOne()
}

// Resolves once it has an answer, or is closed.
function openOne(): Promise<void> {
  const place = { port: Number(port), host: '127.0.0.1' }
  const socket =
    protocol === 'https'
      ? connectTls({ ...place, servername: host!, rejectUnauthorized: false })
      : connect(place)
  open.add(socket)
  socket.write(request)
  return new Promise(resolve => {
    socket.on('data', () => resolve())
    socket.on('error', () => {})
    socket.on('close', () => {
      open.delete(socket)
      resolve()
    })
  })
}
