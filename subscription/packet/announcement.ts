// subscription/packet/announcement.ts: what a node says of itself in one datagram, as plain data.

/** 'clear' is uWSGI 2.1's way to leave: a subscribe packet that takes the node's address back. */
export type Command = 'subscribe' | 'unsubscribe' | 'clear'

/** What a node may say that it speaks. */
export type AnnouncedProto = 'uwsgi' | 'http' | 'https' | 'h2' | 'fastcgi' | 'scgi'

/** One key, one address. Texts that were not sent are ''. docs/wire/subscription.md has the variables. */
export interface Announcement {
  readonly command: Command
  /** As sent, 1 to 255 characters without blanks: "Example.com:8080", ".example.com", "a.example/shop". */
  readonly key: string
  /** As sent, 1 to 255 characters: "10.0.0.7:3031", ":3031", "/run/app.sock", "@app". */
  readonly address: string
  /** 0 to 255. */
  readonly modifier1: number
  readonly modifier2: number
  /** For statistics only: requests it can serve at once, and the length of its queue. */
  readonly cores: number
  readonly load: number
  /** 1 to 65,535; 0 on the wire means 1. */
  readonly weight: number
  /** Level, 0 to 255: a node of a higher level serves once none of a lower one does. */
  readonly backup: number
  /** null: it did not say, as no uWSGI 2.0 does. */
  readonly proto: AnnouncedProto | null
  /** Name of a balancing policy, as sent. */
  readonly algo: string
  readonly vassal: string
  /** Path of a UNIX datagram socket that wants to be told. */
  readonly notify: string
  /** Paths of TLS files on this machine; a '!' before the last: client certificates are required. */
  readonly sniKey: string
  readonly sniCrt: string
  readonly sniCa: string
}

/** What a signed packet carries besides. Views of the datagram, not copies. */
export interface Signature {
  /** When it was signed, in unix seconds; of an unsubscribe one more. */
  readonly unix: number
  /** The bytes that were signed: all variables before the signature, without the header. */
  readonly covered: Buffer
  readonly sign: Buffer
}

export interface Packet {
  readonly kind: 'packet'
  readonly announcement: Announcement
  /** null: unsigned. Not checked yet. */
  readonly signature: Signature | null
}

/** Subscribes, and says nothing else; a key and an address are still to be put in. */
export const SILENT: Announcement = {
  command: 'subscribe',
  key: '',
  address: '',
  modifier1: 0,
  modifier2: 0,
  cores: 0,
  load: 0,
  weight: 1,
  backup: 0,
  proto: null,
  algo: '',
  vassal: '',
  notify: '',
  sniKey: '',
  sniCrt: '',
  sniCa: '',
}
