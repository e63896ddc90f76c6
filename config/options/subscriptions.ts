// config/options/subscriptions.ts: options about nodes that announce themselves to us.

export const subscriptionOptions = {
  title: 'Subscriptions',
  options: {},
}
