"""Events as they travel: CloudEvents 1.0, as the contract of the events says, and as much of them as is needed here."""

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Data = TypeVar("Data", bound=BaseModel)
Word = Annotated[str, Field(min_length=1)]

VERSION = re.compile(r".*/(?P<major>\d+)\.\d+")


class Unreadable(Exception):  # noqa: N818  (what it is)
    """There is no sense in an event, and there will be none the next time. Why, in a sentence."""


class CloudEvent(BaseModel):
    """An event. It may well have more attributes than these."""

    model_config = ConfigDict(strict=True)

    specversion: Literal["1.0"]
    id: Word
    source: Word
    type: Word
    dataschema: str = ""
    data: Any = None

    def __str__(self) -> str:
        """Return what to look for it by: its type, its version, its id."""
        return f"{self.type!r} of {self.dataschema!r}, id {self.id!r}"

    @property
    def major(self) -> int:
        """The version of its data, as far as it matters: a newer minor one has more fields, and that is all."""
        found = VERSION.fullmatch(self.dataschema)
        if found is None:
            raise Unreadable("Its dataschema does not end with a version.")
        return int(found["major"])


def read(raw: bytes) -> CloudEvent:
    """Return the event that these bytes are. Raises Unreadable when they are none."""
    try:
        return CloudEvent.model_validate_json(raw)
    except ValidationError as wrong:
        raise Unreadable(_sentence(wrong, "event")) from wrong


def data_of(event: CloudEvent, kind: type[Data]) -> Data:
    """Return the data of an event as a ``kind``. Raises Unreadable when it is none."""
    try:
        return kind.model_validate(event.data)
    except ValidationError as wrong:
        raise Unreadable(_sentence(wrong, "data")) from wrong


def _sentence(wrong: ValidationError, where: str) -> str:
    """Say what is wrong first. The field is named, not the value, which may be personal."""
    first = wrong.errors()[0]
    return f"It is not what the contract says: {'.'.join([where, *map(str, first['loc'])])}: {first['msg']}."
