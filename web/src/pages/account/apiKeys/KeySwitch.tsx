import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { sessionQuery, useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import { Problem } from '../form/Problem'
import { useAction } from '../form/useForm'
import { Confirm } from '../layout/Confirm'
import { Section } from '../layout/Section'

/** Stops all keys at once, those of sub-accounts too, and lets them act again. */
export function KeySwitch(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const isOff = useSession()?.keysOff ?? false
  const [isAsking, setAsking] = useState(false)
  const again = () => client.invalidateQueries({ queryKey: sessionQuery.queryKey })
  const { run, busy, problem } = useAction(async () => {
    await rest.post('x/api-keys/switch-on', {})
    await again()
    toast(t('apiKeys.switchedOn'), 'good')
  })
  const action = isOff ? (
    <Button look="primary" busy={busy} onClick={() => void run()}>
      {t('apiKeys.switchOn')}
    </Button>
  ) : (
    <Button look="caution" onClick={() => setAsking(true)}>
      {t('apiKeys.switchOff')}
    </Button>
  )
  return (
    <Section
      title={t(isOff ? 'apiKeys.switch.off' : 'apiKeys.switch.on')}
      about={t(isOff ? 'apiKeys.switch.off.about' : 'apiKeys.switch.on.about')}
      action={action}
    >
      {problem ? <Problem problem={problem} /> : null}
      {isAsking ? (
        <Confirm
          title={t('apiKeys.switchOff')}
          about={t('apiKeys.switchOff.about')}
          deed={t('apiKeys.switchOff')}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await rest.post('x/api-keys/switch-off', {})
            await again()
            toast(t('apiKeys.switchedOff'), 'good')
          }}
        />
      ) : null}
    </Section>
  )
}
