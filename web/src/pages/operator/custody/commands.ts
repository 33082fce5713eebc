import type { ConsoleKey } from '../texts'

/** What is done where keys are, in order; nothing of it passes through the exchange's pages. */
export interface Ceremony {
  id: string
  title: ConsoleKey
  about: ConsoleKey
  commands: readonly string[]
}

const RUN = 'fullreserve custody'
const MOVED = '--asset ASSET --amount AMOUNT --proposer NAME --out move.json'
const SIGNED = '--keys NAME.keys --out NAME.part'

export const CEREMONIES: readonly Ceremony[] = [
  {
    id: 'keys',
    title: 'op.ceremony.keys',
    about: 'op.ceremony.keys.about',
    commands: [
      `${RUN} holder-key NAME FOLDER`,
      `${RUN} identity payer cards`,
      `${RUN} ceremony plan.toml --dry-run`,
      `${RUN} ceremony plan.toml`,
      `${RUN} show`,
    ],
  },
  {
    id: 'replace',
    title: 'op.ceremony.replace',
    about: 'op.ceremony.replace.about',
    commands: [
      `${RUN} replace-holder GONE cards/NEW.json --person NUMBER --out job.json --dry-run`,
      `${RUN} replace-holder GONE cards/NEW.json --person NUMBER --out job.json`,
      `${RUN} sign job.json NAME --keys NAME.keys --out NAME.part`,
      `${RUN} finish job.json NAME.part …`,
    ],
  },
  {
    id: 'rotate',
    title: 'op.ceremony.rotate',
    about: 'op.ceremony.rotate.about',
    commands: [
      `${RUN} rotate NETWORK TIER plan.toml --out job.json --dry-run`,
      `${RUN} recover NETWORK TIER plan.toml --out job.json --dry-run`,
    ],
  },
  {
    id: 'move',
    title: 'op.ceremony.move',
    about: 'op.ceremony.move.about',
    commands: [
      `${RUN} propose-move policy.toml --network NETWORK --source warm --target hot ${MOVED}`,
      `${RUN} approve-move move.json NAME --keys NAME.keys --out NAME.approval`,
      `${RUN} sign-move policy.toml move.json NAME NAME.approval … ${SIGNED}`,
      `${RUN} finish-move move.json NAME.part …`,
      `${RUN} post-move move.json TRANSACTION`,
    ],
  },
  {
    id: 'presence',
    title: 'op.ceremony.presence',
    about: 'op.ceremony.presence.about',
    commands: [
      `${RUN} challenge QUORUM`,
      `${RUN} answer QUORUM CHALLENGE NAME --keys NAME.keys`,
      `${RUN} answered QUORUM CHALLENGE NAME ANSWER`,
    ],
  },
]
