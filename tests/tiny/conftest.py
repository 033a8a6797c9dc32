"""The checks in here belong to the tiny course: Seamwork runs them, not the tests' own pytest."""

collect_ignore_glob = ["*"]
