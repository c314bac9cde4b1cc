"""What `NWBFile` offers to change a file as a whole: its objects trade places, and the changes can be looked at before they are
written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.core import NWBContainer
from photonwb.errors import InvalidValueError

if TYPE_CHECKING:
    from photonwb import typing
    from photonwb.model.container import AbstractContainer

__all__ = ["EditedFile"]


class EditedFile(NWBContainer):
    """The part of an `NWBFile` that changes and copies it."""

    # What was removed together with all that leads there, of which the objects in memory are not all.
    _cascaded: tuple[AbstractContainer, ...] = ()

    def rename(self, obj: AbstractContainer, new_name: str) -> None:
        """Give an object of the file another name. Whatever leads to it goes on doing so.

        Parameters
        ----------
        obj : object of the file
            For a column of a table, its index is renamed too.
        new_name : str

        Raises
        ------
        InvalidValueError
            There is another object of that name, or the standard gives the object its name.
        """
        from photonwb.editing.operations import rename

        rename(self, obj, new_name)

    def move(self, obj: AbstractContainer, to: AbstractContainer, collection: str | None = None) -> None:
        """Hang an object of the file into another one. Whatever leads to it goes on doing so.

        Parameters
        ----------
        obj : object of the file
        to : object of the file
            For example a processing module, or the file itself.
        collection : str, optional
            Which of its collections; needed where several could hold the object: `move(series, nwbfile, "stimulus")`.

        Raises
        ------
        InvalidValueError, InvalidTypeError
            The object cannot be there, or is needed where it is.
        """
        from photonwb.editing.operations import move

        move(self, obj, to, collection)

    def replace(self, old: AbstractContainer, new: AbstractContainer) -> None:
        """Put a new object in the place of one of the file. Whatever led to the old one leads to the new one.

        Raises
        ------
        InvalidValueError, InvalidTypeError
            The new object cannot be there, or something leads to a part of the old one.
        """
        from photonwb.editing.operations import replace

        replace(self, old, new)

    def remove(self, obj: AbstractContainer, cascade: bool = False) -> list[AbstractContainer]:
        """Take an object out of the file.

        Parameters
        ----------
        obj : object of the file
            Also a column of a table.
        cascade : bool
            What to do with those that lead to the object (or to a part of it): False, nothing, which is refused if there are
            any; True, those that can do without lose the link, the others go too.

        Returns
        -------
        list of objects
            All that were taken out.

        Raises
        ------
        InvalidValueError
            Others lead to the object; the message names them.
        """
        from photonwb.editing.operations import remove

        return remove(self, [obj], cascade=cascade)

    def diff(self) -> Any:
        """What writing would change in the file: a list of changes, each with `path`, `what`, `old` and `new`; print it.

        Raises
        ------
        InvalidValueError
            The object was not read from a file, or what was changed could not be written; the message says why.
        """
        return self._io("diff").diff(self)

    def export(self, path: typing.Path, **options: Any) -> None:
        """Write the file, with all changes, or a part of it, to another path; the options are those of `photonwb.export`.

        Raises
        ------
        InvalidValueError
            The object was not read from a file; use `photonwb.write` for one that was made in memory.
        """
        self._io("export").export_to(path, self, **options)

    def _io(self, method: str) -> Any:
        io = self.get_read_io()
        if io is None:
            raise InvalidValueError(f"NWBFile.{method}(): this one was not read from a file; photonwb.write() makes a file of it")
        return io
