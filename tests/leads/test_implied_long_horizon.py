"""Implied long-horizon slopes against an independent program (``golden/tests2``)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.leads import implied_long_horizon

EXACT = 1e-8  # 17 digits are stored
OURS = 999


@pytest.fixture(scope="module")
def kms(reference) -> pd.DataFrame:
    return pd.read_csv(reference("predictability/kms2015/monthly.csv"), index_col="date")


def test_slopes_and_statistics(kms, golden) -> None:
    """Implied slopes, their errors and t statistics: four predictors, horizons 1 to 60, to 1e-8."""
    rows = pd.read_csv(golden("tests2/implied_long_horizon.csv"))
    assert len(rows) == 20
    for name, group in rows.groupby("predictor"):
        found = implied_long_horizon(kms["ret"], kms[name], list(group["horizon"]), n_replications=99)
        for ours, theirs in {
            "slope": "implied_slope", "t": "t_implied_xu_divisor_n", "se_white": "se_delta_hc0", "t_white": "t_delta",
        }.items():  # fmt: skip
            np.testing.assert_allclose(found.table[ours], group[theirs], EXACT, err_msg=f"{name} {ours}")
        assert found.slope == pytest.approx(group["beta1_ols"].iloc[0], rel=EXACT)
        assert found.rho == pytest.approx(group["rho_ols"].iloc[0], rel=EXACT)


@pytest.mark.parametrize("null", ["null", "recentred"])
def test_p_values(kms, golden, null: str) -> None:
    """Bootstrap p-values within four standard errors of 9,999 and 999 draws; the corrected root to 1e-8."""
    rows = pd.read_csv(golden("tests2/implied_long_horizon_bootstrap.csv"), keep_default_na=False)
    for name, group in rows[rows["bootstrap"] == null].groupby("predictor"):
        found = implied_long_horizon(
            kms["ret"], kms[name], list(group["horizon"]), null=null, n_replications=OURS, seed=1
        )
        assert found.rho_corrected == pytest.approx(group["phi_bias_corrected"].iloc[0], rel=EXACT)
        for ours, theirs in {"p": "p_two_sided", "p_less": "p_less", "p_greater": "p_greater"}.items():
            p = group[theirs].to_numpy()
            bound = 4 * np.sqrt(p * (1 - p) * (1 / 9999 + 1 / OURS)) + 1 / OURS
            assert (np.abs(found.table[ours] - p) < bound).all(), (name, ours)


def test_every_horizon_is_the_one_period_slope_times_a_number(kms) -> None:
    """The 12-period slope is the one-period slope times 1 + rho + ... + rho^11, to 1e-12."""
    found = implied_long_horizon(kms["ret"], kms["tbl"], (1, 12), n_replications=99)
    powers = found.rho ** np.arange(12)
    assert found.table.loc[12, "slope"] == pytest.approx(found.slope * powers.sum(), rel=1e-12)
    assert found.table.loc[1, "slope"] == pytest.approx(found.slope, rel=1e-12)
    assert "further horizons are no further evidence" in found.summary().notes[0]


def test_a_root_above_one_is_shrunk_and_said(kms) -> None:
    trend = pd.Series(np.arange(len(kms), dtype=float), kms.index) + 50 * kms["ret"]
    found = implied_long_horizon(kms["ret"], trend, n_replications=99)
    assert found.rho_corrected == 1 - 1e-6
    assert found.shrunk_from > 1
    assert "brought to 1 - 1e-6 from 1.00" in str(found.summary())


def test_bad_options(kms) -> None:
    with pytest.raises(DataError, match="expected one series"):
        implied_long_horizon(kms["ret"], kms[["dp", "tbl"]])
    with pytest.raises(SpecificationError, match="null='none'"):
        implied_long_horizon(kms["ret"], kms["dp"], null="none")
    with pytest.raises(SpecificationError, match="horizons is empty"):
        implied_long_horizon(kms["ret"], kms["dp"], ())
