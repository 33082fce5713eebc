"""Chain adapters: one interface, one file a family of chains."""
