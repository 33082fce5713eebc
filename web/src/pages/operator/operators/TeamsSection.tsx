import type { ReactNode } from 'react'
import { Section } from '~/pages/account/layout/Section'
import { Act } from '../layout/Act'
import { Facts } from '../layout/Facts'
import { ProposeDialog } from '../layout/ProposeDialog'
import { useOperator } from '../layout/roles'
import { useWords } from '../layout/words'
import type { Member } from '../rows'
import { useTranslation } from '../texts'
import { isOfTeams, peopleByTeam, TEAMS } from './teams'

/** Who is of which team: what users have is agreed on by two of them. */
export function TeamsSection({ members }: { members: readonly Member[] }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const { may } = useOperator()
  const voices = members.filter(({ member }) => member)
  return (
    <Section
      title={t('op.teams')}
      about={t(isOfTeams(voices) ? 'op.teams.about' : 'op.teams.none')}
      action={
        may('admin') && voices.length > 0 ? (
          <Act label={t('op.kind.team')}>
            {(close) => <TeamDialog voices={voices} onClose={close} />}
          </Act>
        ) : null
      }
    >
      {isOfTeams(voices) ? (
        <Facts
          facts={peopleByTeam(voices).map(([team, people]) => [
            word('team', team),
            people.map(({ email, uid }) => email || uid).join(', '),
          ])}
        />
      ) : null}
    </Section>
  )
}

/** Proposes that somebody is of a team, or of none. */
function TeamDialog(props: { voices: readonly Member[]; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  return (
    <ProposeDialog
      kind="team"
      title={t('op.kind.team')}
      about={t('op.team.about')}
      fields={[
        {
          name: 'uid',
          label: t('op.team.who'),
          options: props.voices.map(({ uid, email, team }) => [
            uid,
            `${email || uid} · ${word('team', team)}`,
          ]),
        },
        {
          name: 'team',
          label: t('op.team'),
          options: TEAMS.map((each) => [each, word('team', each)] as const),
        },
      ]}
      onClose={props.onClose}
    />
  )
}
