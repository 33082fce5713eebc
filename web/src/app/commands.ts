/** Something that can be done by name. */
export interface Command {
  name: string
  /** The keys that do the same. */
  keys?: string
  run(): void
}

/** Commands whose names hold all the words, names that begin with them first. */
export function matching(commands: readonly Command[], words: string): Command[] {
  const wanted = words.toLowerCase().replace(/[/-]/g, ' ').split(/\s+/).filter(Boolean)
  const rank = ({ name }: Command) => (name.toLowerCase().startsWith(wanted[0] ?? '') ? 0 : 1)
  const holds = ({ name }: Command) => wanted.every((word) => name.toLowerCase().includes(word))
  return commands.filter(holds).sort((one, other) => rank(one) - rank(other))
}
