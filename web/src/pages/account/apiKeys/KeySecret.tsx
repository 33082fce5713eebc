import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { Copyable } from '../layout/Copyable'

/** A new key as it is told once. */
export interface MadeKey {
  apiKey: string
  secretKey: string
  passphrase: string
}

/** The secret of a new key, the only time that it is shown. */
export function KeySecret({ made, onClose }: { made: MadeKey; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  return (
    <Dialog open firm title={t('apiKeys.made')} about={t('apiKeys.made.about')} onClose={onClose}>
      <Copyable label={t('apiKeys.key')} text={made.apiKey} />
      <Copyable label={t('apiKeys.secret')} text={made.secretKey} />
      <Copyable label={t('apiKeys.passphrase')} text={made.passphrase} />
      <Button look="primary" size="large" wide onClick={onClose}>
        {t('account.saved')}
      </Button>
    </Dialog>
  )
}
