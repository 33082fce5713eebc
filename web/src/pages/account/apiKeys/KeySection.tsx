import { type ReactNode, useState } from 'react'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import { Problem } from '../form/Problem'
import { Confirm } from '../layout/Confirm'
import { Section } from '../layout/Section'
import { KeyForm, type KeyValues } from './KeyForm'
import { KeySecret, type MadeKey } from './KeySecret'
import { type KeyRow, KeyTable } from './KeyTable'

export interface KeySectionProps {
  rows: KeyRow[] | undefined
  error: unknown
  mayWithdraw?: boolean
  withUse?: boolean
  onCreate(values: KeyValues): Promise<MadeKey | undefined>
  onEdit(row: KeyRow, values: KeyValues): Promise<void>
  onDelete(row: KeyRow): Promise<void>
}

/** Keys with their dialogs: make, change, delete; the secret is shown once. */
export function KeySection(props: KeySectionProps): ReactNode {
  const { rows, error, mayWithdraw = false, withUse = false } = props
  const { t } = useTranslation()
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<MadeKey | null>(null)
  const [edited, setEdited] = useState<KeyRow | null>(null)
  const [deleted, setDeleted] = useState<KeyRow | null>(null)
  const make = (
    <Button look="primary" onClick={() => setMaking(true)}>
      {t('apiKeys.create')}
    </Button>
  )
  return (
    <Section title={t('apiKeys.list')} about={t('apiKeys.list.about')} action={make} flush>
      <Problem problem={error} />
      <KeyTable rows={rows} withUse={withUse} onEdit={setEdited} onDelete={setDeleted} />
      {isMaking ? (
        <KeyForm
          title={t('apiKeys.create')}
          submit={t('apiKeys.create')}
          mayWithdraw={mayWithdraw}
          onClose={() => setMaking(false)}
          onSend={async (values) => {
            setMade((await props.onCreate(values)) ?? null)
            setMaking(false)
          }}
        />
      ) : null}
      {made ? <KeySecret made={made} onClose={() => setMade(null)} /> : null}
      {edited ? (
        <KeyForm
          title={t('apiKeys.edit')}
          submit={t('account.save')}
          before={edited}
          mayWithdraw={mayWithdraw}
          onClose={() => setEdited(null)}
          onSend={async (values) => {
            await props.onEdit(edited, values)
            setEdited(null)
            toast(t('apiKeys.edited'), 'good')
          }}
        />
      ) : null}
      {deleted ? (
        <Confirm
          title={t('apiKeys.delete')}
          about={t('apiKeys.delete.about', { label: deleted.label })}
          deed={t('apiKeys.delete')}
          onClose={() => setDeleted(null)}
          onConfirm={async () => {
            await props.onDelete(deleted)
            toast(t('apiKeys.deleted'), 'good')
          }}
        />
      ) : null}
    </Section>
  )
}
