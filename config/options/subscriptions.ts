// config/options/subscriptions.ts: options about nodes that announce themselves to us.
import { datagramAddress, datagramTarget, keyName } from '../datagram-kinds.ts'
import { flag, integer, seconds, text } from '../kinds.ts'
import { list, option, optionOr } from '../option.ts'
import { protocolLine } from '../protocol-kind.ts'

const MANY = 1_000_000

export const subscriptionOptions = {
  title: 'Subscriptions',
  options: {
    'http-subscription-server': list(datagramAddress, {
      doc: 'Nodes announce themselves here, by UDP packets of uWSGI (docs/wire/subscription.md). A multicast group is joined on every network of this machine. http-to then serves the hosts that nobody announces.',
    }),
    'http-subscription-fallback-key': option(keyName, {
      doc: 'Key whose nodes serve the hosts for which there is none, or none that works.',
    }),
    'http-resubscribe': list(datagramTarget, {
      doc: 'Passes what nodes announce on to this server, unsigned where their address was taken from the packet.',
    }),
    'http-cheap': optionOr(flag, 'false', {
      doc: 'Accepts no connection while no node is known: clients wait in the queue of the listener until one announces itself.',
      argument: 'none',
    }),
    'subscription-tolerance': optionOr(seconds(1), '17', {
      doc: 'Shortest time for which an announcement holds. It holds for two and a half of the intervals of the node when that is longer.',
    }),
    'subscriptions-sign-check': option(
      text('DIGEST[,DIGEST]:DIR', 'Write both, such as SHA256:/etc/sluice/subscribers'),
      {
        doc: 'Takes only packets that are signed with one of these digests; DIR holds the public key of each key as KEY.pem. Keys are read again when their files change.',
      },
    ),
    // uWSGI takes packets of a whole day. Here each counts once, and what is known of those that came outlives a restart;
    // but where it is lost, or a packet never came here, this is how long one that was overheard is of use.
    'subscriptions-sign-check-tolerance': optionOr(seconds(1), '600', {
      doc: 'Oldest signed packet that is taken. In uWSGI a day, which is how long a packet that was overheard may be of use.',
    }),
    'subscriptions-sign-skew': optionOr(seconds(1), '90', {
      doc: 'How far the clock of a node that signs may be ahead of ours.',
      ours: true,
    }),
    'subscription-allow': list(
      text(
        'source=CIDR,key=GLOB,address=CIDR',
        'Write some of source=CIDR, key=GLOB and address=CIDR, with commas',
      ),
      {
        doc: 'Who may announce which keys at which addresses; what is left out is any, address=unix are the paths of UNIX sockets. With lines, senders on other machines must find one that admits them. Log lines of refusals name the line that would.',
        ours: true,
      },
    ),
    'subscription-protocol': list(protocolLine, {
      doc: 'What announced nodes of these keys speak when they do not say: uWSGI 2.0 announces its http-socket like any other. The first line that fits counts; without one it is uwsgi.',
      ours: true,
    }),
    'subscription-state': option(text('FILE|none', 'Write the name of a file, or none'), {
      doc: 'Keeps the nodes, and which signed packets came, over a restart. By default a file in STATE_DIRECTORY, /var/lib/sluice or the state directory of the user, named after the first http-subscription-server.',
      ours: true,
    }),
    'subscription-max-per-source': optionOr(integer(1, MANY), '1000', {
      doc: 'Most nodes announced from one other machine: an IPv4 address or a /64 of IPv6.',
      ours: true,
    }),
    'subscription-max-per-key': optionOr(integer(1, MANY), '20000', {
      doc: 'Most announced nodes of one key.',
      ours: true,
    }),
    'subscription-max-nodes': optionOr(integer(1, MANY), '50000', {
      doc: 'Most announced nodes. Those on this machine are at most 20,000 of them.',
      ours: true,
    }),
    'multicast-ttl': optionOr(integer(1, 255), '1', {
      doc: 'How many routers a packet of http-resubscribe to a multicast group may pass, this network included.',
    }),
    'multicast-loop': optionOr(integer(0, 1), '1', {
      doc: 'Whether packets of http-resubscribe to a multicast group come to this machine, too.',
    }),
    'subscription-dotsplit': optionOr(flag, 'false', {
      doc: 'A key with a leading dot serves all hosts below.',
      noEffect: 'keys with a leading dot always serve the hosts below',
      argument: 'none',
    }),
    'subscription-mountpoints': option(text('N', 'Write a number'), {
      doc: 'Keys may have a path.',
      noEffect: 'the longest path of a key that fits always counts',
      aliases: ['subscription-mountpoint'],
      ours: true,
    }),
  },
}
