import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { type MessageKey, useTranslation } from '~/i18n'
import { Badge } from '~/pages/account/layout/Badge'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'

/** A row of `x/liveness`: a quorum of key holders, without names. */
interface Quorum {
  quorum: string
  role: string
  threshold: string
  holders: string
  margin: string
  colour: Colour
}

type Colour = 'green' | 'amber' | 'red' | 'black'

const EVERY_MS = 60_000
const COLOURS: Record<Colour, { look: 'good' | 'plain' | 'bad'; words: MessageKey }> = {
  green: { look: 'good', words: 'status.margin.green' },
  amber: { look: 'plain', words: 'status.margin.amber' },
  red: { look: 'bad', words: 'status.margin.red' },
  black: { look: 'bad', words: 'status.margin.black' },
}

/** How many holders of keys could be gone before nothing can be signed; nothing without quorums. */
export function Margins(): ReactNode {
  const { t, has } = useTranslation()
  const { data } = useQuery({
    queryKey: ['liveness'],
    queryFn: () => rest.get<Quorum, 'x/liveness'>('x/liveness'),
    refetchInterval: EVERY_MS,
  })
  if (!data?.length) return null
  const roleOf = (role: string) => {
    const key = `status.role.${role}`
    return has(key) ? t(key) : role
  }
  const columns: Column<Quorum>[] = [
    { id: 'role', title: t('status.quorum'), cell: ({ role }) => roleOf(role) },
    {
      id: 'needs',
      title: t('status.needs'),
      number: true,
      cell: ({ threshold, holders }) => t('status.needs.of', { threshold, holders }),
    },
    {
      id: 'margin',
      title: t('status.margin'),
      number: true,
      cell: ({ margin }) => Math.max(0, Number(margin)),
    },
    {
      id: 'state',
      title: t('funds.state'),
      cell: ({ colour }) => <Badge look={COLOURS[colour].look}>{t(COLOURS[colour].words)}</Badge>,
    },
  ]
  return (
    <Section title={t('status.margins')} about={t('status.margins.about')} flush>
      <Table
        label={t('status.margins')}
        columns={columns}
        rows={data}
        keyOf={({ quorum }) => quorum}
        empty=""
        cards
      />
    </Section>
  )
}
