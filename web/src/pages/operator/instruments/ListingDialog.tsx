import type { ReactNode } from 'react'
import { ProposeDialog } from '../layout/ProposeDialog'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'

const STATES = ['preopen', 'post_only', 'live']

/** Proposes a new pair of two assets that there are. */
export function ListingDialog({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  return (
    <ProposeDialog
      kind="listing"
      title={t('op.listing')}
      fields={[
        { name: 'instId', label: t('markets.pair'), hint: 'SOL-USDT' },
        { name: 'tickSz', label: t('op.tick') },
        { name: 'lotSz', label: t('op.lot') },
        { name: 'minSz', label: t('op.min') },
        { name: 'maxLmtSz', label: t('op.maxLmt') },
        { name: 'maxMktSz', label: t('op.maxMkt') },
        { name: 'maxMktAmt', label: t('op.maxMktAmt') },
        { name: 'maxPx', label: t('op.maxPx') },
        { name: 'band', label: t('op.band'), hint: t('op.band.hint'), initial: '0' },
        {
          name: 'state',
          label: t('op.state'),
          options: STATES.map((each) => [each, word('state', each)] as const),
        },
      ]}
      onClose={onClose}
    />
  )
}
