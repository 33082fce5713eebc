"""Every figure of the README has a command here."""
