"""The one durable log: rows on disk, the sequencer in front of them, replay and snapshots."""
