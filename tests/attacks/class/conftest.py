"""The checks in here belong to a course of attacks: Seamwork runs them, not the tests' own pytest."""

collect_ignore_glob = ["*"]
