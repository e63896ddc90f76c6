// config/options/balance.ts: options about which node gets a request, and how many at once.

export const balanceOptions = {
  title: 'Balance',
  options: {},
}
