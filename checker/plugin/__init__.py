"""The pytest plugin that runs a lab's checks and turns each into a :class:`~checker.outcome.CheckResult`.

pytest finds and runs; nothing of its words reaches the learner. The plugin is handed to ``pytest.main`` as an
object, never installed as an entry point.
"""

from checker.plugin.plugin import Plugin, run_checks

__all__ = ["Plugin", "run_checks"]
