// base/modifiers.ts: the numbers by which a uwsgi packet says who handles it, as far as requests of clients may have them.

/**
 * Those that applications have: Python, Perl, Lua, Ruby, JVM, CGI, PHP, Mono and two more. All others eval, spool, cache,
 * reload or manage: a request must never be turned into such an order.
 */
export const REQUEST_MODIFIERS: readonly number[] = [0, 5, 6, 7, 8, 9, 14, 15, 30, 123]
/** Of modifier2, whose meaning is up to the handler. */
export const MOST_MODIFIER2 = 255
