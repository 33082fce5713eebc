/** Indicators by id and by the name that traders know, without the code that computes them. */
export const INDICATOR_NAMES = [
  ['ma', 'MA'],
  ['ema', 'EMA'],
  ['wma', 'WMA'],
  ['boll', 'BOLL'],
  ['sar', 'SAR'],
  ['macd', 'MACD'],
  ['rsi', 'RSI'],
  ['stoch', 'STOCH'],
  ['atr', 'ATR'],
  ['cci', 'CCI'],
  ['obv', 'OBV'],
] as const
