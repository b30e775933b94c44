"""Parametric bootstrap of the three stages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.rstar import draw_sample


@pytest.fixture(scope="module")
def few(embedded_fit):
    return embedded_fit.bootstrap(12, seed=3, progress=False)


def test_drawn_samples_follow_the_equations(embedded_fit) -> None:
    """Measurement errors backed out of a draw by the printed equations have the model's variance."""
    p = embedded_fit.stages.stage3.ml.params
    rest = []
    for seed in range(20):
        drawn = draw_sample(embedded_fit, np.random.default_rng(seed))
        y, pi, r = (drawn.frame[name] for name in ("y", "pi", "r"))
        gap = (y - drawn.truth["potential"]).loc[drawn.truth.index]
        # The report of quarter t reads the state's g(-1) and z(-1): r* of the quarter before.
        rstar = drawn.truth["rstar"].shift(-1)
        rates = ((r - rstar).shift(1) + (r - rstar).shift(2)) / 2
        fitted = p["a_y1"] * gap.shift(1) + p["a_y2"] * gap.shift(2) + p["a_r"] * rates
        near = (pi.shift(2) + pi.shift(3) + pi.shift(4)) / 3
        phillips = p["b_pi"] * pi.shift(1) + (1 - p["b_pi"]) * near + p["b_y"] * gap.shift(1)
        rest.append(
            pd.concat([(gap - fitted).dropna(), (pi - phillips).loc[gap.index].dropna()], axis=1).dropna()
        )
    errors = pd.concat(rest).to_numpy()
    # About 3,800 quarters: standard error of a standard deviation is 1.2 percent.
    np.testing.assert_allclose(errors.std(axis=0), p[["sigma_ygap", "sigma_pi"]], rtol=0.05)
    assert np.abs(np.corrcoef(errors.T)[0, 1]) < 0.05


def test_data_that_are_not_drawn_stay(embedded_fit) -> None:
    drawn = draw_sample(embedded_fit, np.random.default_rng(0))
    before = embedded_fit.data.loc[: embedded_fit.start - 1]
    pd.testing.assert_frame_equal(drawn.frame.loc[before.index], before)
    pd.testing.assert_series_equal(drawn.frame["r"], embedded_fit.data["r"])
    assert (drawn.frame["y"] != embedded_fit.data["y"]).loc[embedded_fit.start :].all()


def test_same_seed_same_numbers_whatever_the_workers(embedded_fit, few) -> None:
    two = embedded_fit.bootstrap(12, seed=3, n_workers=2)
    np.testing.assert_array_equal(few.errors["smoothed"], two.errors["smoothed"])
    pd.testing.assert_frame_equal(few.params, two.params, check_exact=True)
    first = embedded_fit.bootstrap(3, seed=3)
    np.testing.assert_array_equal(first.errors["filtered"], few.errors["filtered"][:3])


def test_bands_and_errors(embedded_fit, few) -> None:
    band = few.band("rstar", "smoothed", level=0.9)
    assert (band["lower"] < band["upper"]).all()
    pd.testing.assert_series_equal(band["estimate"], embedded_fit.rstar.smoothed, check_names=False)
    wide, narrow = few.band(level=0.95), few.band(level=0.5)
    assert (wide["upper"] >= narrow["upper"]).all()
    np.testing.assert_allclose(
        few.se("filtered")["g"] ** 2, (few.errors["filtered"][:, :, 1] ** 2).mean(axis=0), rtol=1e-12
    )
    assert few.final["rstar"] == few.se()["rstar"].iloc[-1]
    assert few.params["lambda_z"].nunique() > 1
    shaded = few.plot(name="g").axes[0].collections[0].get_paths()[0].vertices
    assert shaded[:, 1].max() == pytest.approx(few.band("g")["upper"].max())
    # The uncertainty of the lambdas and of the procedure's bias comes on top of Hamilton's.
    assert few.average["rstar"] > embedded_fit.rstar.smoothed_se.mean()


def test_bad_calls_are_named(embedded_fit, few) -> None:
    with pytest.raises(SpecificationError, match="at least 2"):
        embedded_fit.bootstrap(1)
    with pytest.raises(SpecificationError, match="choose from"):
        few.band("z")
