"""The one schema of commands, events and queries (MessagePack arrays)."""
