"""An unmodified Spring Boot client resolves from our service what it resolves from Spring's own config server."""

import aiohttp
import pytest

from tests.support.spring.answers import answers, differences
from tests.support.spring.cases import Case, cases
from tests.support.spring.comparing import Spring, ours

CASES = list(cases())


@pytest.mark.parametrize("case", [case for case in CASES if not case.refused], ids=lambda case: case.name)
async def test_the_client_and_every_path_are_told_the_same(theirs: Spring, case: Case) -> None:
    found = {}
    async with ours(case.documents) as url:
        for query in case.queries:
            told = await theirs.answers(case.documents, query)
            assert "error" not in told["client"], "Spring does not serve this: it is no case for comparison"
            mine = await answers(url, query, theirs.client)
            unlike = differences(told, mine)
            if wrong := {aspect: unlike[aspect] for aspect in case.compare or unlike if aspect in unlike}:
                found[f"{query.name} {query.profiles} {query.label or ''}".strip()] = wrong
            statuses = {aspect: answer for aspect, answer in mine.items() if str(answer).startswith("HTTP 5")}
            assert statuses == {}
    assert found == {}


@pytest.mark.parametrize("case", [case for case in CASES if case.refused], ids=lambda case: case.name)
async def test_what_spring_refuses_is_named_broken_and_harms_no_other(theirs: Spring, case: Case) -> None:
    """Spring answers 500 to whoever asks for it; ours names it, and serves the other documents."""
    assert case.refused is not None
    async with ours(case.documents) as url, aiohttp.ClientSession(url) as http:
        for query in case.queries:
            told = await theirs.answers(case.documents, query)
            assert told["environment"] == "HTTP 500"
            mine = await answers(url, query, theirs.client)
            assert mine["environment"]["sources"] == []
            assert mine["client"]["properties"] == {}
        async with http.get("/readyz") as response:
            (fault,) = (await response.json())["broken_documents"]
        stem, _, suffix = case.refused.rpartition(".")
        assert f"ConfigMap {stem}" in fault
        assert f"application.{suffix}" in fault
        async with http.get("/product/default") as response:
            assert [source["source"] for source in (await response.json())["propertySources"]] == [{"a": 1}]


def test_there_are_enough_documents_to_compare() -> None:
    assert len([case for case in CASES if not case.refused]) >= 40
