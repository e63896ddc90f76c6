// subscription/client/target.ts: one key of ours that is announced to one router, and the announcement that says so.
import type { AnnouncedProto, Announcement, Command } from '../packet/announcement.ts'
import type { SignWith } from '../signature/digests.ts'

export interface Target {
  /** The router: a numeric host, or a name to resolve. */
  readonly to: { readonly host: string; readonly port: number }
  readonly key: string
  /** As announced: "10.0.0.7:3000", ":3000", "/run/app.sock". */
  readonly address: string
  readonly modifier1: number
  readonly modifier2: number
  /** null: that of the figures. */
  readonly weight: number | null
  readonly backup: number
  /** null: not said, which is uwsgi. */
  readonly proto: AnnouncedProto | null
  readonly algo: string
  readonly notify: string
  readonly sniKey: string
  readonly sniCrt: string
  readonly sniCa: string
  /** null: unsigned. */
  readonly signWith: SignWith | null
  /** Path of a file: nothing is sent while it exists. '': none. */
  readonly check: string
}

/** What an instance says of itself at the moment of a packet. */
export interface Figures {
  /** Requests it can serve at once, and the length of its queue. */
  readonly cores: number
  readonly load: number
  /** 0: unset, which routers take for 1. */
  readonly weight: number
}

/** A target with what few of them need left out. */
export function plainTarget(to: Target['to'], key: string, address: string): Target {
  return {
    to,
    key,
    address,
    modifier1: 0,
    modifier2: 0,
    weight: null,
    backup: 0,
    proto: null,
    algo: '',
    notify: '',
    sniKey: '',
    sniCrt: '',
    sniCa: '',
    signWith: null,
    check: '',
  }
}

export function announcementOf(target: Target, command: Command, figures: Figures): Announcement {
  const { key, address, modifier1, modifier2, backup, proto, algo, notify, sniKey, sniCrt, sniCa } = target
  const { cores, load } = figures
  return {
    command,
    key,
    address,
    modifier1,
    modifier2,
    cores,
    load,
    weight: target.weight ?? figures.weight,
    backup,
    proto,
    algo,
    vassal: '',
    notify,
    sniKey,
    sniCrt,
    sniCa,
  }
}
