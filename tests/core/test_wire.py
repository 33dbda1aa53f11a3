"""What is read of marketplaces' JSON, value by value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.wire import as_count, as_money


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (Decimal("0.30000000000000004"), "0.3"),
        (Decimal("0.059999999999999998"), "0.06"),
        (Decimal("0.00010000000000000001"), "0.0001"),
        ("4.8750000000000004", "4.875"),
        (Decimal("1234.1999999999998"), "1234.2"),
        (Decimal("12345.199999999999"), "12345.2"),
        (Decimal("123456.78999999999"), "123456.79"),
        (Decimal("-99.94999999999999"), "-99.95"),
        (Decimal("99.99999999999999"), "100"),
    ],
)
def test_what_binary_fractions_add_to_an_amount_is_no_money(told: object, meant: str) -> None:
    assert format(as_money(told), "f") == meant


@given(st.decimals(-(10**9), 10**9, places=4) | st.decimals(-1, 1, places=8))
def test_an_amount_of_no_more_than_eight_decimals_is_kept_as_it_is(amount: Decimal) -> None:
    assert str(as_money(amount)) == str(as_money(str(amount))) == str(amount)


@given(st.integers(-(10**9), 10**9))
def test_an_amount_that_went_through_a_binary_fraction_is_what_it_was(cents: int) -> None:
    for spelled in (repr(cents / 100), f"{cents / 100:.17g}", f"{cents / 100:.20f}"):
        assert as_money(spelled) == Decimal(cents) / 100


@pytest.mark.parametrize("value", ["1e-999999", "1e13", "NaN", "Infinity", "", "much", "1,000.00", None, True, [], {}])
def test_what_is_no_amount_is_never_taken_for_one(value: object) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        as_money(value)


@pytest.mark.parametrize("value", [Decimal("1.0000000000000002"), "0.9999999999999999", "1.5", "-1"])
def test_a_count_is_a_whole_number_and_nothing_near_one(value: object) -> None:
    with pytest.raises(ValueError, match="not a count"):
        as_count(value)
