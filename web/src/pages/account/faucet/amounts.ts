/** The most of each currency that the demo gives at once. */
export const TOP_UP = [
  { ccy: 'USDT', amt: '5000' },
  { ccy: 'BTC', amt: '1' },
  { ccy: 'ETH', amt: '1' },
  { ccy: 'FRT', amt: '100' },
] as const
