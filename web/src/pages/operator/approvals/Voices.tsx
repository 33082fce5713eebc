import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import cells from '../layout/Cells.module.css'
import { useReading } from '../layout/reading'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import type { Operators, Voice } from '../rows'
import { useTranslation } from '../texts'

/** Of each whose word counts, whether it would be taken here; where not, why. */
export function Voices({ voices }: { voices: readonly Voice[] }): ReactNode {
  const { t } = useTranslation()
  const columns = useColumns()
  const left = voices.filter(({ mayApprove }) => !mayApprove).length
  return (
    <Section title={t('op.voices')} about={t('op.voices.about', { count: left })} flush>
      <Table
        label={t('op.voices')}
        columns={columns}
        rows={voices}
        keyOf={({ uid }) => uid}
        empty={t('op.none')}
        cards
      />
    </Section>
  )
}

function useColumns(): Column<Voice>[] {
  const { t } = useTranslation()
  const word = useWords()
  const { data } = useReading<Operators, 'x/operator/operators'>('x/operator/operators', {})
  const known = new Map(data?.[0]?.members.map((one) => [one.uid, one]))
  return [
    { id: 'uid', title: 'UID', cell: ({ uid }) => <Uid uid={uid} /> },
    {
      id: 'email',
      title: t('form.email'),
      cell: ({ uid }) => <span className={cells.long}>{known.get(uid)?.email || '–'}</span>,
    },
    {
      id: 'team',
      title: t('op.team'),
      cell: ({ uid }) => word('team', known.get(uid)?.team ?? 'none'),
    },
    {
      id: 'voice',
      title: t('op.voice'),
      cell: ({ mayApprove }) => (
        <Badge look={mayApprove ? 'plain' : 'good'}>{word('voice', mayApprove || 'may')}</Badge>
      ),
    },
  ]
}
