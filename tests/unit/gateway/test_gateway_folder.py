"""The folder of route files, as kubelet mounts it."""

import asyncio
from pathlib import Path

from services.gateway.documents import Documents
from services.gateway.sources import Folder
from tests.support.kubelet import mount
from tests.unit.gateway.gateway_documents import route, rule


def yaml_files(**texts: str) -> dict[str, bytes]:
    return {f"{name}.yaml": text.encode() for name, text in texts.items()}


async def test_a_swap_of_the_mounted_configmap_is_seen_within_2_seconds(tmp_path: Path) -> None:
    mount(tmp_path, yaml_files(orders=route("orders", f"[{rule('/orders')}]")))
    told: asyncio.Queue[Documents] = asyncio.Queue()
    following = asyncio.create_task(Folder(tmp_path).run(told.put_nowait))
    try:
        async with asyncio.timeout(5):
            assert [one.metadata.name for one in (await told.get()).routes] == ["orders"]
            await asyncio.sleep(0.5)  # the watch is set up after the first reading
        other, extra = route("orders", f"[{rule('/other')}]"), route("extra", f"[{rule('/extra')}]")
        mount(tmp_path, yaml_files(orders=other, extra=extra))
        async with asyncio.timeout(2):
            while len((found := await told.get()).routes) != 2:
                pass
        assert not found.refused
        assert {one.spec.rules[0].matches[0].path.value for one in found.routes} == {"/other", "/extra"}
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_folder_that_cannot_be_read_keeps_the_routes_and_says_so(tmp_path: Path) -> None:
    source = Folder(tmp_path / "missing")
    told: asyncio.Queue[Documents] = asyncio.Queue()
    following = asyncio.create_task(source.run(told.put_nowait))
    try:
        async with asyncio.timeout(5):
            (refused,) = (await told.get()).refused
        assert "the last routes stay" in refused.reason
        assert source.behind() == refused.reason
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
