// test/fuzz/targets/address.ts: addresses as people write them, of listeners and of nodes.
import { isDeepStrictEqual } from 'node:util'
import { parseListenAddress, parseNodeAddress } from '../../../base/address.ts'
import { type Target, wrong } from '../target.ts'

const SEEDS = [':8080', '127.0.0.1:80', 'localhost:80', '[::1]:80', '[::]:', '*:80', '127.*:80', '/run/x.sock', 'x.sock', '@name', '\\0name', '=0', 'fd://3', 'http://127.0.0.1:3000', 'HTTP://app:3000', 'uwsgi:///run/app.sock', 'http://[::1]:80', 'http://@app', 'unix:/run/x.sock', 'weight=2,127.0.0.1:1', '::1:8080', 'user@h:1', 'h2://h:443'] // biome-ignore format: one list

export const address: Target = {
  name: 'address',
  asserts:
    'an address or a problem with a remedy; the canonical text of an address is read as that very address; ports up to 65535, paths that fit',
  seeds: () => SEEDS.map(text => Buffer.from(text)),
  hostile: () =>
    ['1.', 'a-', 'a.', ',weight ', ':', '[', '1', '*.', 'unix:'].map(part =>
      Buffer.from(`${part.repeat(1_000)}!:80`),
    ),
  dictionary: [':', '::', '[', ']', '*', '@', '\\0', '=', 'fd://', 'http://', 'uwsgi://', 'https://', 'unix:', 'unix://', 'weight=', ',', '/', '.', '..', '.sock', '127.', '255', '256', '65535', '65536', '0', ' ', '%eth0', 'ffff', '\xc3\xa4', 'a'.repeat(60)], // biome-ignore format: one list
  mostBytes: 400,
  check(input) {
    const text = input.toString()
    const listen = parseListenAddress(text)
    if ('problem' in listen) refusal(listen)
    else {
      if (!isDeepStrictEqual(parseListenAddress(listen.text), listen))
        wrong('its text is another address', listen)
      if ('port' in listen && !(listen.port >= 0 && listen.port <= 65_535))
        wrong('a port that is none', listen)
      if (listen.kind === 'unix' && Buffer.byteLength(listen.path) > 102)
        wrong('a path that does not fit', listen)
    }
    const node = parseNodeAddress(text)
    if ('problem' in node) refusal(node)
    else {
      if (!isDeepStrictEqual(parseNodeAddress(node.name), node)) wrong('its name is another node', node)
      if (node.kind === 'tcp' && !(node.port >= 1 && node.port <= 65_535)) wrong('a port that is none', node)
      if (node.kind === 'tcp' && node.host === '') wrong('no host', node)
    }
    const kinds = [listen, node].map(read => ('problem' in read ? kindOf(read.problem) : kindOf(read.kind)))
    return kinds[0]! * 4_096 + kinds[1]!
  },
  parse(input) {
    const text = input.toString()
    parseListenAddress(text)
    parseNodeAddress(text)
  },
}

function refusal({ problem, remedy }: { problem: string; remedy: string }): void {
  if (problem === '' || remedy === '' || problem.includes('undefined') || remedy.includes('undefined'))
    wrong('a refusal without words', { problem, remedy })
}

function kindOf(text: string): number {
  const plain = text.replace(/".*"/gs, '').replace(/\d+/g, '')
  let hash = 0
  for (let i = 0; i < Math.min(plain.length, 60); i++) hash = (hash * 31 + plain.charCodeAt(i)) & 4_095
  return hash
}
