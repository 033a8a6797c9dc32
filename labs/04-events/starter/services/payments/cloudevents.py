"""Events as they travel: CloudEvents 1.0, as the contract of the events says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4


def new(kind: str, *, subject: int, data: Mapping[str, int]) -> dict[str, Any]:
    """Return an event of ours. Its id is what everybody will know it by, however often they see it."""
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/payments",
        "type": kind,
        "subject": str(subject),
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "dataschema": f"/events/{kind}/1.0",
        "data": data,
    }
