"""The emergency pack through the real cache and a real HTTPS server: fetched, damaged, restored."""

import ssl
from collections.abc import Callable
from pathlib import Path

from edge_agent.events import AssetFailed, AssetReady
from edge_agent.fetch import HttpFetch
from edge_agent.identity import pinned_tls
from edge_agent.inbox import Inbox
from edge_agent.library import Library, Limits
from edge_agent.pack import PackHolder
from edge_agent.store import Store
from tests.edge.test_pack import desired
from tests.edge.world import Controller
from wire.pack import EmergencyPack, Phrase, Wording, pack_bytes
from wire.plan import Asset


def test_a_pack_is_fetched_and_a_damaged_file_of_it_is_fetched_again(
    https: Controller, store: Store, tmp_path: Path
) -> None:
    def tls() -> ssl.SSLContext:
        return pinned_tls(https.bundle, check_time=True)

    flood = https.add_audio(b"spoken" * 1000)
    audio = Asset(sha256=flood, bytes=6000, duration_ms=1000)
    phrase = Phrase(about="flood", wording=Wording.REAL, language="vi", text="x", audio=audio)
    data = pack_bytes(EmergencyPack(phrases=(phrase,)))
    pack = https.add_audio(data)
    inbox = Inbox()
    library = Library(tmp_path / "audio", Limits(10**9, 0), HttpFetch(tls), inbox)
    holder = PackHolder(library, store)
    library.start()
    try:
        holder.desire(desired(pack, len(data)))
        _until(lambda: holder.digest == pack, holder, library, inbox, https.url)
        library.path(flood).write_bytes(b"rotten")
        holder.check()
        _until(lambda: holder.digest is None, holder, library, inbox, https.url)
        _until(lambda: holder.digest == pack, holder, library, inbox, https.url)
    finally:
        library.stop()

    assert [name for name, _ in https.audio.requests] == [pack, flood, flood]
    assert library.path(flood).read_bytes() == b"spoken" * 1000

    again = PackHolder(library, store)
    again.load()
    assert again.digest == pack


def _until(
    holds: Callable[[], bool], holder: PackHolder, library: Library, inbox: Inbox, url: str
) -> None:
    """Do as the conductor does: ask for what is lacking, take what comes."""
    while not holds():
        wanted = holder.assets()
        if library.lacks(tuple(asset.sha256 for asset in wanted)):
            library.want(wanted, url)
        event = inbox.get(20)
        assert isinstance(event, AssetReady | AssetFailed)
        if isinstance(event, AssetReady):
            holder.take(event.sha256)
