import { useTranslation } from '~/i18n'

/** Amounts as text, grouped as the reader's language does; every digit stays. */
export function useAmounts(): (text: string) => string {
  const { language } = useTranslation()
  const format = new Intl.NumberFormat(language, { maximumFractionDigits: 20 })
  // The text goes in as it is: a number would round it.
  return (text) => (text ? format.format(text as `${number}`) : '–')
}
