import { useAmounts } from '~/pages/account/layout/amounts'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import type { Rule } from './rows'

const HOUR_MS = 3_600_000
const PARTS = 100 // of 10,000 in a hundredth

/** What a rule asks, in words; a rule that asks nothing matches everything. */
export function useConditions(): (rule: Rule) => string {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  return (rule) => {
    const found = [
      rule.verb === 'approve'
        ? t('op.rule.approvals', { count: rule.needed ?? 0, group: rule.group ?? 0 })
        : '',
      rule.categories?.map((each) => word('category', each)).join(', '),
      rule.initiators ? t('op.rule.initiators', { list: rule.initiators.join(', ') }) : '',
      rule.sources ? t('op.rule.sources', { list: rule.sources.join(', ') }) : '',
      rule.networks ? t('op.rule.networks', { list: rule.networks.join(', ') }) : '',
      rule.assets ? t('op.rule.assets', { list: rule.assets.join(', ') }) : '',
      rule.mostUsd ? t('op.rule.mostUsd', { usd: amount(String(rule.mostUsd)) }) : '',
      rule.leastAgeMs ? t('op.rule.age', { hours: rule.leastAgeMs / HOUR_MS }) : '',
      rule.velocityUsd
        ? t('op.rule.velocity', {
            usd: amount(String(rule.velocityUsd)),
            hours: (rule.windowMs ?? 0) / HOUR_MS,
          })
        : '',
      rule.mostShare ? t('op.rule.share', { percent: rule.mostShare / PARTS }) : '',
      rule.webhook ? t('op.rule.webhook', { answer: word('webhook', rule.webhook) }) : '',
    ].filter(Boolean)
    return found.join(' · ') || t('op.rule.everything')
  }
}
