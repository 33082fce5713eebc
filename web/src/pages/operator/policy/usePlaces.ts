import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import type { Place } from './table'

/** What a value of the table is called, and its unit. */
export function usePlaces(): { name(place: Place): string; unit(place: Place): string } {
  const { t } = useTranslation()
  const word = useWords()
  return {
    name: ({ group, name }) =>
      group === 'points'
        ? t('op.table.points', { why: word('risk.reason', name) })
        : word(`table.${group}`, name),
    unit: ({ name }) =>
      name.endsWith('_hours') ? t('op.hours') : name.endsWith('_usd') ? 'USD' : '',
  }
}
