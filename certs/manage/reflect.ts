// certs/manage/reflect.ts: the corner of the Reflect metadata proposal that @peculiar/x509's container asks for
// when it is loaded. Import it before that library. We use none of what is stored, so a map per class will do.

type Store = Map<unknown, unknown>

const stores = new WeakMap<object, Store>()

// A complete implementation that somebody loaded earlier stays.
if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata, getOwnMetadata: getMetadata, defineMetadata })
}

function getMetadata(key: unknown, target: object): unknown {
  return stores.get(target)?.get(key)
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const store: Store = stores.get(target) ?? new Map()
  store.set(key, value)
  stores.set(target, store)
}
