import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useServices } from '~/app/services'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import { Problem } from '../form/Problem'
import { useAction } from '../form/useForm'
import { useAmounts } from '../layout/amounts'
import { Section } from '../layout/Section'
import { TOP_UP } from './amounts'

interface Adjusted {
  remainCnt: string
}

/** The demo's money, for whoever wants more of it; nothing where money is real. */
export function Faucet(): ReactNode {
  const { t } = useTranslation()
  const { config } = useServices()
  const client = useQueryClient()
  const amount = useAmounts()
  const { run, busy, problem } = useAction(async () => {
    const [row] = await rest.post<Adjusted>('account/demo-adjust-balance', {
      type: 'increase',
      adjustments: [...TOP_UP],
    })
    await client.invalidateQueries()
    toast(t('faucet.done'), 'good', t('faucet.left', { count: Number(row?.remainCnt ?? 0) }))
  })
  if (!config.demo) return null
  const list = TOP_UP.map(({ ccy, amt }) => `${amount(amt)} ${ccy}`).join(' · ')
  return (
    <Section
      title={t('faucet.title')}
      about={t('faucet.about', { list })}
      action={
        <Button look="primary" busy={busy} onClick={() => void run()}>
          {t('faucet.topUp')}
        </Button>
      }
    >
      {problem ? <Problem problem={problem} /> : null}
    </Section>
  )
}
