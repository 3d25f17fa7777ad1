import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from controller.library.errors import AssetDamaged, AssetMissing, StoreFull
from controller.library.store import AssetStore, Usage

SOUND = b"OggS, as it were" * 1000
NAME = hashlib.sha256(SOUND).hexdigest()


def test_what_was_kept_is_found_under_the_hash_of_its_bytes(store: AssetStore) -> None:
    name = put(store)

    assert name == NAME
    assert store.has(name)
    assert store.path(name) == store.root / name[:2] / f"{name}.opus"
    with store.open(name) as file:
        assert file.read() == SOUND
    store.verify(name)


def test_what_was_not_kept_leaves_nothing(store: AssetStore) -> None:
    with store.incoming() as incoming:
        incoming.write(SOUND)

    assert not store.has(NAME)
    assert list((store.root / "incoming").iterdir()) == []


def test_a_restarted_file_forgets_its_first_attempt(store: AssetStore) -> None:
    with store.incoming() as incoming:
        incoming.write(b"a first attempt that was too loud" * 1000)
        incoming.restart()
        incoming.write(SOUND)
        name = incoming.keep()

    assert name == NAME
    store.verify(name)


def test_a_changed_byte_is_found_out(store: AssetStore) -> None:
    name = put(store)
    store.path(name).write_bytes(SOUND[:-1] + b"?")

    with pytest.raises(AssetDamaged):
        store.verify(name)


def test_a_removed_asset_is_missing_and_may_be_removed_again(store: AssetStore) -> None:
    name = put(store)

    store.remove(name)
    store.remove(name)

    assert not store.has(name)
    with pytest.raises(AssetMissing):
        store.open(name)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME + "\n", "0" * 63])
def test_only_a_hash_is_a_name(store: AssetStore, name: str) -> None:
    assert not store.has(name)
    with pytest.raises(AssetMissing):
        store.path(name)


def test_usage_counts_equal_bytes_once(store: AssetStore) -> None:
    put(store)
    put(store)

    usage = store.usage()

    assert usage == Usage(assets=1, bytes=len(SOUND), free_bytes=usage.free_bytes)
    assert usage.free_bytes > 0


KILLED_BEFORE_THE_RENAME = """
import os, signal, sys
from pathlib import Path
from controller.library.store import AssetStore

Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with AssetStore(Path(sys.argv[1])).incoming() as incoming:
    incoming.write(b"OggS, as it were" * 1000)
    incoming.keep()
"""


def test_a_kill_between_writing_and_renaming_leaves_no_asset_and_no_rubbish(
    store: AssetStore,
) -> None:
    killed = run(KILLED_BEFORE_THE_RENAME, store.root)
    left_before = list((store.root / "incoming").iterdir())

    store.start()

    assert killed.returncode == -9
    assert len(left_before) == 1
    assert list((store.root / "incoming").iterdir()) == []
    assert not store.has(NAME)
    assert put(store) == NAME


def test_a_start_leaves_alone_what_another_process_is_writing(store: AssetStore) -> None:
    with store.incoming() as incoming:
        incoming.write(SOUND)
        AssetStore(store.root).start()
        name = incoming.keep()

    store.verify(name)


FULL_AT_10_KB = """
import resource, sys
from pathlib import Path
from controller.library.errors import StoreFull
from controller.library.ingest import ingest
from controller.library.store import AssetStore

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
try:
    ingest(Path(sys.argv[2]), AssetStore(Path(sys.argv[1])))
except StoreFull as error:
    print(error.code, error.facts["folder"])
"""


def test_a_full_disk_is_said_plainly_and_leaves_no_half_file(
    store: AssetStore, bulletin: Path
) -> None:
    done = run(FULL_AT_10_KB, store.root, bulletin)

    assert done.stdout.strip() == f"{StoreFull.code} {store.root}", done.stderr
    assert store.usage().assets == 0
    assert list((store.root / "incoming").iterdir()) == []


def put(store: AssetStore) -> str:
    with store.incoming() as incoming:
        incoming.write(SOUND[:100])
        incoming.write(SOUND[100:])
        return incoming.keep()


def run(script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
