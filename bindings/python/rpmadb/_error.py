"""The base of all errors: a failed call's error document as an exception."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from .reports import LineChange


class Error(Exception):
    """A call failed.

    The members of the error document are attributes; what does not apply is None.
    """

    #: The status number that the class stands for; 0 for the families.
    STATUS = 0

    status: int
    name: str
    message: str
    hint: Optional[str]
    sqlite_code: Optional[int]
    file: Optional[str]
    line: Optional[int]
    column: Optional[int]
    statement: Optional[int]
    source_line: Optional[str]
    version: Optional[int]
    traceback: Optional[str]
    changes: Tuple[LineChange, ...]

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(document)  # the arguments are what pickle makes the copy with
        self.status = document["status"]
        self.name = document["name"]
        self.message = document["message"]
        self.hint = document.get("hint")
        self.sqlite_code = document.get("sqlite_code")
        self.file = document.get("file")
        self.line = document.get("line")
        self.column = document.get("column")
        self.statement = document.get("statement")
        self.source_line = document.get("source_line")
        self.version = document.get("version")
        self.traceback = document.get("traceback")
        self.changes = tuple(LineChange._read(dict(change)) for change in document.get("changes") or ())

    def to_dict(self) -> Dict[str, Any]:
        """The error document's inner object, as the library handed it out, with members that this version does not know."""
        return dict(self.args[0])

    def __str__(self) -> str:
        text = f"{self.name}: {self.message}"
        if self.source_line is not None:
            text += f"\n  {self.source_line}"
            if self.column is not None and self.column > 0:
                # A tab before the mistake must be a tab above the caret, too.
                before = self.source_line[: self.column - 1]
                text += "\n  " + "".join("\t" if character == "\t" else " " for character in before) + "^"
        if self.hint is not None:
            text += f"\nhint: {self.hint}"
        return text
