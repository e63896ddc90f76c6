// config/options/announcing.ts: options by which an instance announces itself to others.

export const announcingOptions = {
  title: 'Announcing',
  options: {},
}
