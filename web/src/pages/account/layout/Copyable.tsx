import { Fragment, type ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { IconButton } from '~/ui/Button'
import { CopyIcon } from '~/ui/icons'
import { toast } from '~/ui/toasts'
import css from './Copyable.module.css'

interface Props {
  label: string
  text: string
  /** False where its name stands above it already. */
  isLabelled?: boolean
}

/** A text that people take elsewhere, with its name. */
export function Copyable({ label, text, isLabelled = true }: Props): ReactNode {
  const { t } = useTranslation()
  const copy = useCopy()
  return (
    <div className={css.whole}>
      {isLabelled ? <span className={css.label}>{label}</span> : null}
      <div className={css.box}>
        {text.includes(' ') ? (
          <code className={css.words}>{wordsOf(text)}</code>
        ) : (
          <code className={css.text}>{text}</code>
        )}
        <IconButton
          label={t('account.copy', { name: label })}
          size="small"
          onClick={() => void copy(text)}
        >
          <CopyIcon />
        </IconButton>
      </div>
    </div>
  )
}

/** Each in a box of its own: a line would end at a hyphen as well, in the middle of a name. */
function wordsOf(text: string): ReactNode[] {
  return text.split(' ').map((word, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a word may stand there twice
    <Fragment key={place}>
      {place > 0 ? ' ' : null}
      <span className={css.word}>{word}</span>
    </Fragment>
  ))
}

/** Puts a text on the clipboard and says whether that worked. */
export function useCopy(): (text: string) => Promise<void> {
  const { t } = useTranslation()
  return async (text) => {
    try {
      await navigator.clipboard.writeText(text)
      toast(t('account.copied'), 'good')
    } catch {
      // Without TLS, or when it is not allowed: the text can be selected by hand.
      toast(t('account.notCopied'), 'bad')
    }
  }
}
