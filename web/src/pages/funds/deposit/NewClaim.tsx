import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { parsed, plain } from '~/market/numbers'
import { faults, requiredFault } from '~/pages/account/form/checks'
import { Form } from '~/pages/account/form/Form'
import { useForm } from '~/pages/account/form/useForm'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import { toast } from '~/ui/toasts'
import { CLAIMS, KINDS, type Kind } from './claims'

const NAME_MAX = 64
const TRANSACTION_MAX = 130
const NOTE_MAX = 500

/** Says which deposit is missed, and by which transaction it was sent. */
export function NewClaim({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const form = useForm({
    initial: { kind: 'memo', ccy: '', chain: '', txId: '', amt: '', memo: '', note: '' },
    check: ({ ccy, chain, txId, amt }) =>
      faults({
        ccy: requiredFault(ccy),
        chain: requiredFault(chain),
        txId: requiredFault(txId),
        amt: amt.trim() && !parsed(amt) ? 'form.noNumber' : undefined,
      }),
    send: async ({ kind, ...typed }) => {
      const sent = Object.fromEntries(
        Object.entries(typed).map(([name, text]) => [name, text.trim()]),
      ) as typeof typed
      const value = parsed(sent.amt)
      const amt = value ? plain(value) : ''
      await rest.post('x/deposit-claims/file', { kind: kind as Kind, ...sent, amt })
      await client.invalidateQueries({ queryKey: CLAIMS })
      toast(t('claim.filed'), 'good')
      onClose()
    },
  })
  return (
    <Dialog open title={t('claim.new')} about={t('claim.new.about')} onClose={onClose}>
      <Form form={form} submit={t('claim.send')}>
        <Select
          labelled
          label={t('claim.kind')}
          value={form.values.kind}
          options={KINDS.map((kind) => [kind, t(`claim.kind.${kind}`)] as const)}
          onChange={(kind) => form.set('kind', kind)}
        />
        <Field {...form.bind('ccy')} label={t('claim.ccy')} maxLength={NAME_MAX} />
        <Field {...form.bind('chain')} label={t('funds.network')} maxLength={NAME_MAX} />
        <Field
          {...form.bind('txId')}
          label={t('funds.transaction')}
          hint={t('claim.txId.hint')}
          maxLength={TRANSACTION_MAX}
          autoCapitalize="none"
          spellCheck={false}
        />
        <Field {...form.bind('amt')} label={t('claim.amt')} inputMode="decimal" />
        <Field {...form.bind('memo')} label={t('claim.memo')} maxLength={NAME_MAX} />
        <Field {...form.bind('note')} label={t('claim.note')} maxLength={NOTE_MAX} />
      </Form>
    </Dialog>
  )
}
