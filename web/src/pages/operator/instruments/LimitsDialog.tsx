import type { ReactNode } from 'react'
import { Refusal } from '~/api/refusal'
import { ProposeDialog } from '../layout/ProposeDialog'
import type { Instrument } from '../rows'
import { useTranslation } from '../texts'
import { changed, ticksText } from './terms'

/** Proposes other terms; what was not changed is not sent. */
export function LimitsDialog(props: { row: Instrument; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const { row, onClose } = props
  const { instId, baseCcy, quoteCcy } = row
  const before: Record<string, string> = {
    ticks: ticksText(row.ticks),
    lotSz: row.lotSz,
    minSz: row.minSz,
    maxLmtSz: row.maxLmtSz,
    maxMktSz: row.maxMktSz,
    maxMktAmt: row.maxMktAmt,
    maxPx: row.maxPx,
    band: row.band,
  }
  const units: Record<string, string> = { ticks: quoteCcy, maxMktAmt: quoteCcy, maxPx: quoteCcy }
  const hints: Record<string, string> = { ticks: t('op.ticks.hint'), band: t('op.band.hint') }
  const names = {
    ticks: t('op.tick'),
    lotSz: t('op.lot'),
    minSz: t('op.min'),
    maxLmtSz: t('op.maxLmt'),
    maxMktSz: t('op.maxMkt'),
    maxMktAmt: t('op.maxMktAmt'),
    maxPx: t('op.maxPx'),
    band: t('op.band'),
  }
  const fields = Object.entries(names).map(([name, label]) => ({
    name,
    label,
    initial: before[name] ?? '',
    ...(hints[name] ? { hint: hints[name] } : {}),
    ...(name === 'band' ? {} : { after: units[name] ?? baseCcy }),
  }))
  return (
    <ProposeDialog
      kind="instrument"
      title={t('op.limits.title', { pair: instId })}
      fixed={{ instId }}
      fields={fields}
      sent={(typed) => {
        const different = changed(before, typed)
        if (Object.keys(different).length === 0) throw new Refusal('91012', '', 409)
        return different
      }}
      onClose={onClose}
    />
  )
}
