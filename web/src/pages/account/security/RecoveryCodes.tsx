import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { useCopy } from '../layout/Copyable'
import css from './Security.module.css'

/** Recovery codes, the only time that they are shown: nothing but its own button closes this. */
export function RecoveryCodes(props: { codes: string[]; onClose(): void }): ReactNode {
  const { codes, onClose } = props
  const { t } = useTranslation()
  const copy = useCopy()
  const text = codes.join('\n')
  return (
    <Dialog open firm title={t('totp.codesTitle')} about={t('totp.codesAbout')} onClose={onClose}>
      <ul className={css.codes} aria-label={t('totp.codesTitle')}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className={css.buttons}>
        <Button onClick={() => void copy(text)}>{t('totp.copyCodes')}</Button>
        <Button onClick={() => download('fullreserve-recovery-codes.txt', `${text}\n`)}>
          {t('totp.downloadCodes')}
        </Button>
      </div>
      <Button look="primary" size="large" wide onClick={onClose}>
        {t('account.saved')}
      </Button>
    </Dialog>
  )
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
