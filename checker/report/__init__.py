"""Results as people and programs read them: terminal, web page, notebook, JSON. Pure functions of the results."""

__all__: list[str] = []
