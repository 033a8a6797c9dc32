"""The Bazaar: one shop, one process, one database."""
