"""What can go wrong with the log, as one tree; each message is a sentence for an operator."""


class JournalError(Exception):
    """The journal cannot be used as asked."""


class AlreadyLed(JournalError):
    """Another process holds this data folder's journal."""


class Corrupt(JournalError):
    """A row is missing, torn or altered, and valid data follows it or leads up to it.

    `sequence` is where the log stops being whole.
    """

    def __init__(self, sequence: int, what: str) -> None:
        super().__init__(f"The journal is damaged at sequence {sequence}: {what}")
        self.sequence = sequence


class Shortened(JournalError):
    """The log ends before what was made of it; going on would use sequences and ids again."""

    def __init__(self, last: int, reached: int, holder: str) -> None:
        super().__init__(
            f"The journal ends at sequence {last}, but {holder} reached sequence {reached}: "
            f"the rows from {last + 1} on are lost. Nothing was changed. Restore a backup, or the "
            "missing file. To give those commands up for ever, move away the snapshots and the "
            "records that are ahead of the journal, and start again."
        )


class PrunedAway(JournalError):
    """The rows that were asked for were given up behind a snapshot; `oldest` is still there."""

    def __init__(self, sequence: int, oldest: int) -> None:
        super().__init__(f"The rows before {oldest} were pruned; sequence {sequence} is gone.")
        self.oldest = oldest


class TooNew(JournalError):
    """The log was written by a newer version than this one."""


class Fenced(JournalError):
    """Another leader has taken the journal over; nothing more is written under this epoch."""


class Unwritable(JournalError):
    """The disk did not take the rows; the same rows may be tried again."""


class Diverged(JournalError):
    """A replayed fold did not produce the bytes that the log holds.

    `sequence` is that of the product command.
    """

    def __init__(self, sequence: int, what: str) -> None:
        super().__init__(f"Replay differs from the log at sequence {sequence}: {what}")
        self.sequence = sequence
