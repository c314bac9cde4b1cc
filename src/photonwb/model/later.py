"""Classes that are named now and imported when they are first needed.

A file that holds images should not wait for the import of everything that a file may hold. Type checkers are shown the class
itself, under `if TYPE_CHECKING`; at run time a `Later` stands in for it where only calling it matters.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Later"]


class Later:
    """Stands in for a class of another module, which is imported at the first call."""

    def __init__(self, module: str, name: str) -> None:
        self.__module__ = module
        self.__name__ = self.__qualname__ = name

    @property
    def __wrapped__(self) -> Any:
        """The class itself; `help` and `inspect.signature` look here."""
        from importlib import import_module

        return getattr(import_module(self.__module__), self.__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self.__module__}.{self.__name__}, not imported yet>"
