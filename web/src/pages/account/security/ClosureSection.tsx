import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { Refusal } from '~/api/refusal'
import { rest } from '~/api/rest'
import { signedOut, useSession } from '~/api/session'
import { useServices } from '~/app/services'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { toast } from '~/ui/toasts'
import { TOP_UP } from '../faucet/topUp'
import { Form } from '../form/Form'
import formCss from '../form/Form.module.css'
import { Problem } from '../form/Problem'
import { useAction, useForm } from '../form/useForm'
import { Section } from '../layout/Section'

/** Closing the account: for good, so the address is typed once more. */
export function ClosureSection(): ReactNode {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  return (
    <Section
      title={t('closure.title')}
      about={t('closure.about')}
      action={
        <Button look="caution" onClick={() => setOpen(true)}>
          {t('closure.close')}
        </Button>
      }
    >
      {isOpen ? <Closing onClose={() => setOpen(false)} /> : null}
    </Section>
  )
}

function Closing({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { config, streams } = useServices()
  const email = useSession()?.email ?? ''
  const form = useForm({
    initial: { email: '' },
    check: (typed) =>
      typed.email.trim().toLowerCase() === email.toLowerCase() ? {} : { email: 'closure.fault' },
    send: async () => {
      try {
        await rest.post('x/account/close', {})
      } catch (problem) {
        throw named(problem)
      }
      streams.leave()
      signedOut(client)
      await navigate({ to: '/markets' })
      toast(t('closure.done'), 'good')
    },
  })
  return (
    <Dialog open title={t('closure.close')} about={t('closure.warning')} onClose={onClose}>
      {config.demo ? <GiveBack /> : null}
      <Form
        form={form}
        submit={t('closure.forGood')}
        look="danger"
        beside={<Button onClick={onClose}>{t('cancel')}</Button>}
      >
        <Field {...form.bind('email')} label={t('closure.type', { email })} spellCheck={false} />
      </Form>
    </Dialog>
  )
}

/** Why an account cannot be closed, as sentences of ours: each has another way out. */
function named(problem: unknown): unknown {
  if (!(problem instanceof Refusal) || problem.code !== '90009') return problem
  const why = ['orders', 'balances', 'roles'].find((word) => problem.message.includes(word))
  return why ? new Refusal(`90009.${why}`, problem.message, problem.status) : problem
}

interface Balance {
  details: { ccy: string; availBal: string }[]
}

/** In the demo, money can go back whence it came; else nobody could ever leave. */
function GiveBack(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data } = useQuery({
    queryKey: ['balance'],
    queryFn: () => rest.get<Balance, 'account/balance'>('account/balance'),
  })
  const known = new Set<string>(TOP_UP.map(({ ccy }) => ccy))
  const held = (data?.[0]?.details ?? [])
    .filter(({ ccy, availBal }) => known.has(ccy) && /[1-9]/.test(availBal))
    .map(({ ccy, availBal }) => ({ ccy, amt: availBal }))
  const { run, busy, problem } = useAction(async () => {
    await rest.post('account/demo-adjust-balance', { type: 'reduce', adjustments: held })
    await client.invalidateQueries()
    toast(t('faucet.returned'), 'good')
  })
  if (held.length === 0 && !problem) return null
  return (
    <div className={formCss.form}>
      <p className="muted">{t('faucet.return.about')}</p>
      <Problem problem={problem} />
      <Button busy={busy} onClick={() => void run()}>
        {t('faucet.return')}
      </Button>
    </div>
  )
}
