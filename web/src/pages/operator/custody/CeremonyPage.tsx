import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { PageHead } from '~/pages/account/layout/Section'
import { Select } from '~/ui/Select'
import cells from '../layout/Cells.module.css'
import { useTranslation } from '../texts'
import { Assistant } from './Assistant'
import css from './Custody.module.css'
import { CEREMONIES } from './ceremonies'
import { LivenessSection } from './LivenessSection'

/** Keys are used where they are: this page leads through what is run there, and says why. */
export function CeremonyPage(): ReactNode {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState('keys')
  const ceremony = CEREMONIES.find(({ id }) => id === chosen)
  return (
    <>
      <Link to="/operator/custody" className={cells.back}>
        ‹ {t('op.custody')}
      </Link>
      <PageHead title={t('op.ceremony')} about={t('op.ceremony.pageAbout')} />
      <div className={css.which}>
        <Select
          label={t('op.ceremony.which')}
          labelled
          value={chosen}
          options={CEREMONIES.map(({ id, title }) => [id, t(title)] as const)}
          onChange={setChosen}
        />
      </div>
      {ceremony ? <Assistant key={ceremony.id} ceremony={ceremony} /> : null}
      <LivenessSection />
    </>
  )
}
