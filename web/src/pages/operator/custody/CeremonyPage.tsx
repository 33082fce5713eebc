import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Copyable } from '~/pages/account/layout/Copyable'
import { PageHead, Section } from '~/pages/account/layout/Section'
import cells from '../layout/Cells.module.css'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import { CEREMONIES } from './commands'

/** Keys are used where they are: this page hands over to the command line, and says why. */
export function CeremonyPage(): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <Link to="/operator/custody" className={cells.back}>
        ‹ {t('op.custody')}
      </Link>
      <PageHead title={t('op.ceremony')} about={t('op.ceremony.pageAbout')} />
      {CEREMONIES.map(({ id, title, about, commands }) => (
        <Section key={id} title={t(title)} about={t(about)}>
          <ol className={css.commands}>
            {commands.map((command, place) => (
              <li key={command}>
                <Copyable label={t('op.ceremony.step', { number: place + 1 })} text={command} />
              </li>
            ))}
          </ol>
        </Section>
      ))}
    </>
  )
}
