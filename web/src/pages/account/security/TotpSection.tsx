import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { sessionQuery, useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import { Problem } from '../form/Problem'
import { useAction } from '../form/useForm'
import { Badge } from '../layout/Badge'
import { Confirm } from '../layout/Confirm'
import { Section } from '../layout/Section'
import { RecoveryCodes } from './RecoveryCodes'
import { type Begun, TotpSetUp } from './TotpSetUp'

interface Codes {
  recoveryCodes: string[]
}

/** The authenticator: set up, its recovery codes, and taken away again. */
export function TotpSection(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const session = useSession()
  const [begun, setBegun] = useState<Begun | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  const [asking, setAsking] = useState<'remove' | 'codes' | null>(null)
  const again = () => client.invalidateQueries({ queryKey: sessionQuery.queryKey })
  const begin = useAction(async () => {
    const [row] = await rest.post<Begun>('x/totp/begin', {})
    setBegun(row ?? null)
  })
  const isOn = session?.totp ?? false
  const action = isOn ? (
    <>
      <Button onClick={() => setAsking('codes')}>{t('totp.newCodes')}</Button>
      <Button onClick={() => setAsking('remove')}>{t('totp.remove')}</Button>
    </>
  ) : (
    <Button look="primary" busy={begin.busy} onClick={() => void begin.run()}>
      {t('totp.setUp')}
    </Button>
  )
  const left = Number(session?.recoveryCodesLeft ?? 0)
  return (
    <Section title={t('totp.title')} about={t('totp.about')} action={action}>
      <Badge look={isOn ? 'good' : 'bad'}>{t(isOn ? 'totp.on' : 'totp.off')}</Badge>{' '}
      {isOn ? <span className="muted">{t('totp.codesLeft', { count: left })}</span> : null}
      <Problem problem={begin.problem} />
      {begun ? (
        <TotpSetUp
          begun={begun}
          onClose={() => setBegun(null)}
          onCodes={async (made) => {
            setBegun(null)
            setCodes(made)
            await again()
          }}
        />
      ) : null}
      {asking === 'remove' ? (
        <Confirm
          title={t('totp.remove')}
          about={t('totp.remove.about')}
          deed={t('totp.remove')}
          onClose={() => setAsking(null)}
          onConfirm={async () => {
            await rest.post('x/totp/remove', {})
            await again()
            toast(t('totp.removed'), 'good')
          }}
        />
      ) : null}
      {asking === 'codes' ? (
        <Confirm
          title={t('totp.newCodes')}
          about={t('totp.newCodes.about')}
          deed={t('totp.newCodes')}
          onClose={() => setAsking(null)}
          onConfirm={async () => {
            const [row] = await rest.post<Codes>('x/totp/recovery-codes', {})
            setCodes(row?.recoveryCodes ?? null)
            await again()
          }}
        />
      ) : null}
      {codes ? <RecoveryCodes codes={codes} onClose={() => setCodes(null)} /> : null}
    </Section>
  )
}
