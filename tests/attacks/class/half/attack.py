"""What is done beside, and instead of reading a note: nothing."""


def beside() -> object:
    """Do nothing, and get hold of nothing."""
    return None


instead = None
