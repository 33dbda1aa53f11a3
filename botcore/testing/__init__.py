"""The contract of `botcore.provider` as tests, for whoever writes a marketplace plugin. Needs pytest and
pytest-asyncio, which nothing else of botcore does."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(f"{__name__}.{part}" for part in ("market", "reading", "rating", "trouble", "posting", "abilities", "hostile"))
)

from .market import Contract, Market, a_rating, error_of  # noqa: E402 - asserts are rewritten at import
from .providers import ProviderContract  # noqa: E402

__all__ = ["Contract", "Market", "ProviderContract", "a_rating", "error_of"]
