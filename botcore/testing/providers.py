"""The whole contract of a provider."""

from __future__ import annotations

from .abilities import AbilitiesContract
from .hostile import HostileContract
from .posting import PostingContract
from .rating import RatingContract
from .reading import ReadingContract
from .trouble import TroubleContract


class ProviderContract(
    ReadingContract, RatingContract, PostingContract, TroubleContract, AbilitiesContract, HostileContract
):
    """What every provider must do, shown against its simulated marketplace over HTTP.

    Subclass it under a name that starts with `Test`, and say which they are:

        class TestFolder(ProviderContract):
            provider = FolderProvider
            sandbox = FolderSandbox

    `settings` adds keys to the account, and `tells` says which states the marketplace tells apart, where it is not all
    of them. Where jobs can be posted, `answers` says what is typed for a good one, by the names of the `draft_fields`.
    A test of your own takes the fixture `market`.
    """
