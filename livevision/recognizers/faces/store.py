"""The gallery's database in its file: opened, locked, changed and swapped, plain or encrypted."""

import logging
import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from livevision import files, settings
from livevision.errors import GalleryError, OutputError
from livevision.recognizers.faces import damage, encryption, schema

log = logging.getLogger(__name__)

LOCK_TIMEOUT = 10.0
"""Seconds to wait while another program writes."""
_State = tuple[int, ...]


class Store:
    """One gallery's file, open. Every change is whole or not there, and none of others is lost.

    A plain gallery is SQLite's own file; an encrypted one is worked on in memory, and its file is
    replaced with every change. Whoever changes either holds the one lock on its name
    (`files.locked`) and works on what is in the file by then: it may have been changed, encrypted,
    decrypted or restored since it was opened. A file that can only be read is read into memory.

    For several threads; they wait for each other. Raises GalleryError, as `Gallery` says.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = Path(os.path.realpath(path)) if path.is_symlink() else path
        self._thread = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(":memory:")
        self._salt: bytes | None = None
        self._state: _State = ()
        try:
            self.read_only = not self._make(create=create)
            """Whether it can only be read, so that changes stay in memory or are refused."""
            with self.guard():
                if not self.read_only:
                    with self._lock():
                        self._sweep()
                self._refresh()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; the store cannot be used any more."""
        self._db.close()

    @property
    def encrypted(self) -> bool:
        """Whether a passphrase is needed to read the file."""
        return self._salt is not None

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with self._thread, self.guard():
            while True:
                if not self._depth:
                    self._refresh()
                try:
                    return self._db.execute(query, values).fetchall()
                except sqlite3.DatabaseError as error:
                    if self._depth or not self._was_swapped(error):
                        raise

    @contextmanager
    def change(self, *, rewrite: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction on what is in the file now. It is in the file at the end, or nothing is.

        With `rewrite`, no free pages are left, where something could be read still.
        """
        self._refuse_if_read_only()
        with self._thread, self.guard(), self.exclusive():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                schema.roll_back(self._db)
                self._drop_journal()
                raise
            if rewrite:
                self._vacuum()
            self._drop_journal()
            self._save()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock, with what is in the file by now."""
        with self._thread:
            if self._depth:
                yield
                return
            while True:
                self._refresh()  # asks for a passphrase if need be, while nobody waits for us
                with self._lock():
                    if not self._is_known():
                        continue
                    self._refresh()
                    self._depth += 1
                    try:
                        yield
                    finally:
                        self._depth -= 1
                    return

    def change_in_memory(self, statement: str, *values: object) -> None:
        """What can only be read, otherwise: the file stays as it is."""
        with self._thread, self.guard():
            self._db.execute(statement, values)

    def content(self) -> bytes:
        """The database, not encrypted."""
        with self._thread, self.guard():
            return self._db.serialize()

    def sealed(self, content: bytes) -> bytes:
        """What is written to the disk for `content`."""
        return content if self._salt is None else encryption.seal(content, self._salt)

    def encrypt(self) -> None:
        """Ask for a passphrase, and keep the gallery under it from now on."""
        self._refuse_if(encrypted=True)
        salt = encryption.begin(self.path)  # before the lock: nobody should wait for an answer
        with self.guard(), self.exclusive():
            self._refuse_if(encrypted=True)  # another program may have been quicker
            content = self._taken_out()
            try:
                data = encryption.seal(content, salt)
                if encryption.unlock(data, self.path)[0] != content:
                    raise GalleryError(f"Cannot encrypt {self.path}: try again.")
                _put(self.path, data)
            finally:
                self._refresh()

    def decrypt(self) -> None:
        """Keep the gallery readable without a passphrase from now on."""
        self._refuse_if(encrypted=False)
        with self.guard(), self.exclusive():
            self._refuse_if(encrypted=False)
            try:
                _put(self.path, self._taken_out())
            finally:
                self._refresh()

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise GalleryError(f"The gallery {self.path} {damage.READ_ONLY}")

    def _refuse_if(self, *, encrypted: bool) -> None:
        self._refuse_if_read_only()
        if self.encrypted == encrypted:
            state = "encrypted already" if encrypted else "not encrypted"
            raise GalleryError(f"The gallery {self.path} is {state}.")

    def _taken_out(self) -> bytes:
        """The database, with no other program in it; it is closed."""
        with self.guard():
            if not self.encrypted:
                self._db.execute("BEGIN EXCLUSIVE")  # programs that know SQLite's locks alone
            content = self._db.serialize()
            schema.roll_back(self._db)
        self._forget()  # Windows lets no open file be replaced
        return content

    def _vacuum(self) -> None:
        try:
            self._db.execute("VACUUM")
        except sqlite3.OperationalError as error:  # what was deleted is zeros anyway
            log.warning("%s could not be rewritten: %s", self.path, error)

    def _save(self) -> None:
        """Write an encrypted gallery's file; SQLite has written one that is not."""
        if self._salt is None:
            return
        try:
            _put(self.path, self.sealed(self._db.serialize()))
        except BaseException:
            self._forget()  # the change is in memory alone: read the file again
            raise
        self._state = _state(self.path)

    # --- opening

    def _make(self, *, create: bool) -> bool:
        """See that there is a file, its user's alone; False if it can only be read."""
        if not create and not self.path.exists():
            raise GalleryError(
                f"There is no gallery {self.path}. "
                "Begin one with 'livevision faces add NAME PHOTO'."
            )
        try:
            if self.path.is_dir():
                raise IsADirectoryError(21, "it is a folder")
            if create:
                settings.prepare_folder(self.path.parent)
            # made here, not by SQLite, so that nobody else can read it for a moment
            number = os.open(self.path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
        except OSError as error:
            if self.path.is_file() and os.access(self.path, os.R_OK):
                return False
            raise GalleryError(
                f"Cannot open the gallery {self.path}: {error.strerror}. "
                "Name another file with --gallery."
            ) from error
        try:
            if sys.platform != "win32" and os.fstat(number).st_mode & 0o077:
                with suppress(OSError):  # earlier, or by a copy, others were let in
                    os.fchmod(number, 0o600)
        finally:
            os.close(number)
        return os.access(self.path.parent, os.W_OK)

    def _sweep(self) -> None:
        """Erase what programs left half written when they were killed: all hold our lock to write.

        An unencrypted draft beside an encrypted gallery would tell everything.
        """
        try:
            for draft in files.sweep(self.path):
                log.info("%s was left by a program that was killed, and is erased", draft)
            if encryption.is_encrypted(self.path):  # SQLite's own could be read
                for side in damage.sides(self.path):
                    files.erase(side)
        except (OutputError, OSError) as error:
            log.warning("%s", error)

    def _is_known(self) -> bool:
        """Whether the file can be read without asking for a passphrase."""
        try:
            return encryption.is_known(self.path)
        except OSError:
            return True  # `_refresh` says what is wrong with it

    def _refresh(self) -> None:
        """Open what is in the file if that is another than what was opened."""
        try:
            state = _state(self.path)
        except FileNotFoundError as error:
            if self._state:
                self._forget()
                raise GalleryError(
                    f"The gallery {self.path} was erased or moved by another program."
                ) from error
            raise GalleryError(f"There is no gallery {self.path}.") from error
        except OSError as error:
            raise GalleryError(f"Cannot read the gallery {self.path}: {error.strerror}.") from error
        if self._state:
            try:
                plain = self._salt is None and not self.read_only
                # SQLite itself sees to what is written into a plain gallery's own file
                if state == self._state or (plain and state[:2] == self._state[:2]):
                    self._db.execute("SELECT 1")  # raises if it is closed
                    return
            except sqlite3.ProgrammingError as error:
                raise GalleryError(f"The gallery {self.path} is closed.") from error
        try:
            self._open(state)
        except sqlite3.DatabaseError as error:
            if not self._was_swapped(error):
                raise
            self._refresh()
        except GalleryError:  # sealed when it was looked at, and plain when it was read, for one
            with suppress(OSError):
                if _state(self.path)[:2] != state[:2]:
                    self._refresh()
                    return
            raise

    def _was_swapped(self, error: sqlite3.Error) -> bool:
        """Whether there is damage because the file was replaced, and the earlier one erased."""
        with suppress(OSError):
            return damage.is_damage(error) and _state(self.path)[:2] != self._state[:2]
        return False

    def _open(self, state: _State) -> None:
        sides = _opened(damage.sides(self.path))
        try:
            self._open_it(state)
        finally:
            _overwrite_deleted(sides)  # SQLite deletes them once it has worked them in

    def _open_it(self, state: _State) -> None:
        self._state = state
        content: bytes | None = None
        salt: bytes | None = None
        try:
            if encryption.is_encrypted(self.path):
                content, salt = encryption.unlock(self.path.read_bytes(), self.path)
            elif self.read_only:
                content = self._read()
        except OSError as error:
            raise GalleryError(f"Cannot read the gallery {self.path}: {error.strerror}.") from error
        name = f"{self.path.absolute().as_uri()}?mode=rw" if content is None else ":memory:"
        self._db.close()
        self._db = sqlite3.connect(
            name,
            uri=True,
            timeout=LOCK_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
        )
        if content is not None:
            self._db.deserialize(content)
        self._salt = salt
        self._db.execute("PRAGMA temp_store = MEMORY")  # no face in a temporary file
        self._db.execute("PRAGMA trusted_schema = OFF")
        schema.check_whole(self._db)
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute("PRAGMA foreign_keys = ON")
        # it holds what was there before a change, removed faces too: deleting is not overwriting,
        # so SQLite keeps it, and `_drop_journal` does both; and another may have chosen WAL
        self._db.execute("PRAGMA journal_mode = PERSIST")
        self._drop_journal()
        try:
            schema.bring_up_to_date(self._db)
            self._drop_journal()
        except schema.Later:
            self._forget()
            raise GalleryError(
                f"The gallery {self.path} was written by a later livevision. Update livevision."
            ) from None
        except schema.Foreign as error:
            self._forget()
            raise GalleryError(
                f"{self.path} is no gallery ({error}). Name another file with --gallery, or move "
                "this one away."
            ) from None

    def _drop_journal(self) -> None:
        """Overwrite and delete a plain gallery's journal where SQLite does not need it.

        That of a change which is through or undone, here or by a program that was killed.
        """
        journal = self.path.with_name(self.path.name + "-journal")
        if self._salt is not None or self.read_only or not journal.exists():
            return
        if not self.path.stat().st_size:  # SQLite would begin it, and lose hold of what it began
            return
        try:
            self._db.execute("BEGIN EXCLUSIVE")  # whoever was writing is through, or undone
            try:
                if journal.exists():
                    files.erase(journal)
            finally:
                schema.roll_back(self._db)
        except (OutputError, sqlite3.OperationalError) as error:  # what was to be done is done
            log.warning("%s could not be erased: %s", journal, error)

    def _read(self) -> bytes:
        """The bytes of a plain gallery in a place where SQLite may not write."""
        journal = self.path.with_name(self.path.name + "-journal")
        if journal.exists() and journal.stat().st_size:
            raise GalleryError(
                f"The gallery {self.path} was being written when a program was killed, and cannot "
                "be mended where nothing can be written. Copy it, with its journal, elsewhere."
            )
        content = self.path.read_bytes()
        # a deserialised database cannot use a write-ahead log (bytes 18 and 19 of the header)
        return (
            content[:18] + b"\x01\x01" + content[20:] if content[18:20] == b"\x02\x02" else content
        )

    def _forget(self) -> None:
        """Close what was opened; the next use opens what is in the file."""
        self._db.close()
        self._state, self._salt = (), None

    @contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            with files.locked(self.path, LOCK_TIMEOUT):
                yield
        except files.Busy as error:
            raise GalleryError(f"The gallery {self.path} {damage.IN_USE}") from error

    @contextmanager
    def guard(self) -> Iterator[None]:
        """SQLite's errors as ours; a damaged file is put aside."""
        try:
            yield
        except sqlite3.Error as error:
            if not damage.is_damage(error):
                raise GalleryError(damage.explained(error, self.path)) from error
            raise GalleryError(self._damaged(error)) from error
        except OSError as error:
            raise GalleryError(
                f"The gallery {self.path} cannot be used: {error.strerror or error}."
            ) from error

    def _damaged(self, error: sqlite3.Error) -> str:
        state = self._state
        self._forget()
        if self.read_only:
            return f"The gallery {self.path} is damaged ({error}). Name another with --gallery."
        try:
            with files.locked(self.path, 0.0 if self._depth else LOCK_TIMEOUT):
                if state[:2] != _state(self.path)[:2]:
                    return f"The gallery {self.path} was changed by another program. Try again."
                return damage.put_aside(self.path, error)
        except files.Busy:
            if self._depth:  # it is ours
                return damage.put_aside(self.path, error)
            return f"The gallery {self.path} {damage.IN_USE}"
        except OSError as trouble:
            return f"The gallery {self.path} is damaged ({error}): {trouble.strerror}."


def _opened(paths: Iterable[Path]) -> list[int]:
    """Descriptors of those files that are there; none on Windows, where they bar the deletion."""
    found: list[int] = []
    if sys.platform == "win32":
        return found
    for path in paths:
        with suppress(OSError):
            found.append(os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)))
    return found


def _overwrite_deleted(descriptors: Iterable[int]) -> None:
    """Close files; those that have no name any more are overwritten with zeros before."""
    for each in descriptors:
        try:
            if os.fstat(each).st_nlink == 0:
                files.zero(each)
        except OSError as error:
            log.warning("what a journal held could not be overwritten: %s", error)
        finally:
            os.close(each)


def put(path: Path, data: bytes) -> None:
    """Replace a gallery's file, under the lock that is taken for it. Raises GalleryError."""
    try:
        settings.prepare_folder(path.parent)
        with files.locked(path, LOCK_TIMEOUT):
            _put(path, data)
    except files.Busy as error:
        raise GalleryError(f"The gallery {path} {damage.IN_USE}") from error
    except OSError as error:
        raise GalleryError(f"Cannot write the gallery {path}: {error.strerror}.") from error


def _put(path: Path, data: bytes) -> None:
    """Replace a file, and overwrite with zeros what was in its place; OutputError.

    The earlier file has no name any more by then, so that nothing readable is left by whoever is
    killed between the two.
    """
    before = None
    link = None
    with suppress(FileNotFoundError):
        if sys.platform == "win32":  # no open file can be replaced there
            link = path.with_name(f".livevision-{os.getpid()}-0-{path.name}")
            os.link(path, link)
        else:
            before = os.open(path, os.O_RDWR)
    try:
        files.replace_bytes(path, data, private=True)
        if before is not None:
            try:
                if os.fstat(before).st_nlink == 0:  # else it has another name, of the user's
                    files.zero(before)
            except OSError as error:
                log.warning("the earlier content of %s could not be overwritten: %s", path, error)
    finally:
        if before is not None:
            os.close(before)
        if link is not None:
            files.erase(link)


def _state(path: Path) -> _State:
    """What changes when another program writes the file: which it is comes first."""
    state = path.stat()
    return state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size
