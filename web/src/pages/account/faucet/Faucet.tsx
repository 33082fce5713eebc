import { type ReactNode, useEffect } from 'react'
import { useRefusalText } from '~/app/refusals'
import { useServices } from '~/app/services'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import { Problem } from '../form/Problem'
import { useAmounts } from '../layout/amounts'
import { Section } from '../layout/Section'
import { TOP_UP, useTopUp } from './topUp'

/** The demo's money, for whoever wants more of it; nothing where money is real. */
export function Faucet(): ReactNode {
  const { t } = useTranslation()
  const { config } = useServices()
  const amount = useAmounts()
  const { run, busy, problem } = useTopUp()
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

/** The same as a button alone, beside balances. */
export function FaucetButton(): ReactNode {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const { config } = useServices()
  const { run, busy, problem } = useTopUp()
  useEffect(() => {
    if (problem) toast(refusal(problem), 'bad')
  }, [problem, refusal])
  if (!config.demo) return null
  return (
    <Button busy={busy} onClick={() => void run()}>
      {t('faucet.topUp')}
    </Button>
  )
}
