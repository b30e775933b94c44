"""Real cross-sections shared by the tests of the index."""

from __future__ import annotations

from types import ModuleType

import pandas as pd
import pytest
from conftest import REFERENCE, ROOT, load_module


@pytest.fixture(scope="session")
def year_2015() -> ModuleType:
    """The study of 2015, which knows how to read its data."""
    import sys

    sys.path.insert(0, str(ROOT))
    try:
        return load_module(ROOT / "research" / "russell_2000_in_2015" / "reproduce.py")
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="session")
def closes_2015(reference, year_2015) -> pd.DataFrame:
    """Daily closes of 2015 by id; GSPC, the S&P 500 itself, among them."""
    reference("small_caps/russell3000_2015/daily_close.csv.gz")
    return year_2015.read_closes(REFERENCE)


@pytest.fixture(scope="session")
def shares_2015(reference, year_2015) -> pd.DataFrame:
    """Shares outstanding at the ends of the fiscal years to 2014."""
    reference("small_caps/russell3000_2015/shares_outstanding.csv")
    return year_2015.read_shares(REFERENCE)


@pytest.fixture(scope="session")
def panel_2015(closes_2015, shares_2015, year_2015) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prices and shares of the securities that have both."""
    return year_2015.panel(closes_2015, shares_2015)
