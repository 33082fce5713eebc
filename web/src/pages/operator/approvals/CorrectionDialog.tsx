import type { ReactNode } from 'react'
import { ProposeDialog } from '../layout/ProposeDialog'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'

const HOUSES = ['treasury', 'fees', 'rounding', 'insurance']
const REASONS = ['deposit', 'fee', 'settlement', 'compensation', 'error', 'other']

/** Proposes to put a balance right. */
export function CorrectionDialog(props: { uid?: string; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const options = (group: string, words: string[]) =>
    words.map((each) => [each, word(group, each)] as const)
  return (
    <ProposeDialog
      kind="correction"
      title={t('op.kind.correction')}
      fields={[
        { name: 'uid', label: t('op.correction.uid'), initial: props.uid ?? '' },
        {
          name: 'account',
          label: t('op.account'),
          options: options('side', ['trading', 'funding']),
        },
        { name: 'ccy', label: t('currency'), hint: 'USDT' },
        { name: 'amount', label: t('form.size'), hint: t('op.correction.hint') },
        { name: 'house', label: t('op.correction.house'), options: options('house', HOUSES) },
        { name: 'reason', label: t('op.correction.reason'), options: options('reason', REASONS) },
      ]}
      onClose={props.onClose}
    />
  )
}
