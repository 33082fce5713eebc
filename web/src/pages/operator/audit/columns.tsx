import type { ReactNode } from 'react'
import { Refusal } from '~/api/refusal'
import { useRefusalText } from '~/app/refusals'
import { Badge } from '~/pages/account/layout/Badge'
import type { Column } from '~/ui/Table'
import css from '../layout/Cells.module.css'
import { useMoments } from '../layout/moments'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import type { AuditEntry } from '../rows'
import { useTranslation } from '../texts'

const LOOKS: Record<string, 'good' | 'bad' | 'plain'> = { done: 'good', denied: 'bad' }

/** What an entry of the audit log shows. */
export function useAuditColumns(): Column<AuditEntry>[] {
  const { t } = useTranslation()
  const date = useMoments()
  return [
    { id: 'time', title: t('time'), cell: ({ ts }) => date(ts) },
    {
      id: 'actor',
      title: t('op.audit.actor'),
      cell: ({ actor, actorEmail }) => (
        <span className={css.long}>
          <Uid uid={actor} /> {actorEmail}
        </span>
      ),
    },
    { id: 'action', title: t('op.audit.action'), cell: ({ action }) => <code>{action}</code> },
    { id: 'subject', title: t('op.audit.subject'), cell: ({ subject }) => <Uid uid={subject} /> },
    { id: 'result', title: t('op.audit.result'), cell: (row) => <Result row={row} /> },
    { id: 'terms', title: t('op.terms'), cell: (row) => <What row={row} /> },
    {
      id: 'place',
      title: t('op.audit.place'),
      cell: ({ ip, agent }) => <span title={agent}>{ip}</span>,
      wideOnly: true,
    },
  ]
}

function Result({ row }: { row: AuditEntry }): ReactNode {
  const word = useWords()
  const refusal = useRefusalText()
  const isDenied = row.result === 'denied'
  return (
    <span title={isDenied ? refusal(new Refusal(row.code, row.code, 403)) : undefined}>
      <Badge look={LOOKS[row.result] ?? 'plain'}>{word('result', row.result)}</Badge>{' '}
      {isDenied ? row.code : null}
    </span>
  )
}

function What({ row }: { row: AuditEntry }): ReactNode {
  const terms = Object.entries(row.terms)
    .filter(([name]) => name !== 'uid')
    .map(([name, text]) => `${name}=${text}`)
  if (terms.length === 0 && !row.note) return '–'
  return (
    <span className={css.long}>
      {terms.join(' · ')} {row.note ? <q>{row.note}</q> : null}
    </span>
  )
}
