"""Options and fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

from sailc.queries import text


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="write anew what is expected: in documents, bad programs and golden programs",
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session", autouse=True)
def _library_is_parsed_once() -> Iterator[None]:
    """Trees are values, so tests may share them; most of a short check is the library's."""
    really = text.parse
    text.parse = lru_cache(maxsize=256)(really)
    yield
    text.parse = really
