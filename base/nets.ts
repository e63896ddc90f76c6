// base/nets.ts: a set of networks as plain data that travels by message: ranges of addresses in order, none touching the next.

export interface NetsPicture {
  /** First and last address of each range, as numbers. */
  readonly v4: Uint32Array
  /** Likewise, each address in four words, the highest first. */
  readonly v6: Uint32Array
  /** Clients of UNIX sockets belong to it. */
  readonly hasUnix: boolean
}

/** The networks of one file; null: it is not needed any more. */
export interface NetFilePicture {
  /** Absolute. */
  readonly file: string
  readonly nets: NetsPicture | null
}
