import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Checkbox } from '~/ui/Checkbox'
import { toast } from '~/ui/toasts'
import { Problem } from '../form/Problem'
import { useAction } from '../form/useForm'
import { Confirm } from '../layout/Confirm'
import { Section } from '../layout/Section'
import { frozenQuery, SUBS, type SubAccount } from './rows'

/** Stops a sub-account, and lets it act again; what the exchange froze is not its master's. */
export function Freeze({ sub }: { sub: SubAccount }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data: rows, error } = useQuery(frozenQuery)
  const [isAsking, setAsking] = useState(false)
  const by = rows?.find(({ subAcct }) => subAcct === sub.subAcct)?.frozenBy
  const { run, busy, problem } = useAction(async () => {
    await rest.post('x/sub-accounts/unfreeze', { subAcct: sub.subAcct })
    await client.invalidateQueries({ queryKey: SUBS })
    toast(t('subs.unfroze', { name: sub.subAcct }), 'good')
  })
  const action = by?.includes('master') ? (
    <Button look="primary" busy={busy} onClick={() => void run()}>
      {t('subs.unfreeze')}
    </Button>
  ) : (
    <Button look="caution" disabled={!by} onClick={() => setAsking(true)}>
      {t('subs.freeze')}
    </Button>
  )
  return (
    <Section title={t('subs.freeze.title')} about={t('subs.freeze.about')} action={action}>
      {by?.includes('exchange') ? <p role="status">{t('subs.freeze.exchange')}</p> : null}
      <Problem problem={problem ?? error} />
      {isAsking ? <Asking name={sub.subAcct} onClose={() => setAsking(false)} /> : null}
    </Section>
  )
}

function Asking({ name, onClose }: { name: string; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [cancelOrders, setCancelOrders] = useState(true)
  return (
    <Confirm
      title={t('subs.freeze.ask', { name })}
      about={t('subs.freeze.about')}
      deed={t('subs.freeze')}
      onClose={onClose}
      onConfirm={async () => {
        await rest.post('x/sub-accounts/freeze', { subAcct: name, cancelOrders })
        await client.invalidateQueries({ queryKey: SUBS })
        toast(t('subs.froze', { name }), 'good')
      }}
    >
      <Checkbox
        label={t('subs.freeze.orders')}
        hint={t('subs.freeze.orders.hint')}
        checked={cancelOrders}
        onChange={(event) => setCancelOrders(event.target.checked)}
      />
    </Confirm>
  )
}
