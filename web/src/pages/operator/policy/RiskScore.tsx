import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useWords } from '../layout/words'
import type { Risk } from './rows'

/** The score of a withdrawal, and what it asks for; a dash where it was not scored. */
export function RiskScore({ risk: { score, outcome } }: { risk: Risk }): ReactNode {
  const word = useWords()
  if (!score) return '–'
  return (
    <Badge look={outcome === 'pass' ? 'good' : outcome === 'review' ? 'bad' : 'plain'}>
      {score} · {word('risk.outcome', outcome)}
    </Badge>
  )
}
