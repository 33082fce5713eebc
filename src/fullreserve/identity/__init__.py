"""The identity vault: users, credentials, API keys; encrypted per user."""
