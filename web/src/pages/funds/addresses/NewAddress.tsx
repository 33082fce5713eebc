import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { faults, LABEL_MAX, labelFault, requiredFault } from '~/pages/account/form/checks'
import { Form } from '~/pages/account/form/Form'
import { useForm } from '~/pages/account/form/useForm'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import { toast } from '~/ui/toasts'
import { type Line, networkOf } from '../currencies'
import { BOOK, useBook } from './book'
import { LookAlikeWarning } from './LookAlikeWarning'
import { addressFault } from './shape'

const ADDRESS_MAX = 128

/** A new entry of the address book; it is locked for a day. */
export function NewAddress({ lines, onClose }: { lines: Line[]; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { book } = useBook()
  // An address belongs to a network; any currency on it names it.
  const networks = new Map(lines.map((line) => [networkOf(line.chain), line] as const))
  const first = lines[0]
  const form = useForm({
    initial: { network: first ? networkOf(first.chain) : '', addr: '', memo: '', label: '' },
    codes: { 58221: 'memo', 58222: 'addr' },
    check: ({ network, addr, memo, label }) =>
      faults({
        addr: addressFault(addr),
        memo: networks.get(network)?.needTag ? requiredFault(memo) : undefined,
        label: labelFault(label),
      }),
    send: async ({ network, addr, memo, label }) => {
      const line = networks.get(network)
      if (!line) return
      const text = line.needTag ? `${addr.trim()}:${memo.trim()}` : addr.trim()
      const sent = { chain: line.chain, addr: text, label: label.trim() }
      await rest.post('x/withdrawal-addresses/add', sent)
      await client.invalidateQueries({ queryKey: BOOK })
      toast(t('addresses.addedToast'), 'good')
      onClose()
    },
  })
  const line = networks.get(form.values.network)
  const known = (book ?? []).map(({ addr }) => addr)
  return (
    <Dialog open title={t('addresses.add')} about={t('addresses.add.about')} onClose={onClose}>
      <Form form={form} submit={t('addresses.add')}>
        <Select
          labelled
          label={t('funds.network')}
          value={form.values.network}
          options={[...networks.keys()].map((name) => [name, name] as const)}
          onChange={(network) => form.set('network', network)}
        />
        <Field
          {...form.bind('addr')}
          label={t('addresses.address')}
          maxLength={ADDRESS_MAX}
          autoCapitalize="none"
          spellCheck={false}
        />
        <LookAlikeWarning address={form.values.addr.trim()} known={known} />
        {line?.needTag ? (
          <Field {...form.bind('memo')} label={t('deposit.memo')} maxLength={ADDRESS_MAX} />
        ) : null}
        <Field
          {...form.bind('label')}
          label={t('addresses.label')}
          hint={t('addresses.label.hint')}
          maxLength={LABEL_MAX}
        />
      </Form>
    </Dialog>
  )
}
