"""A monthly predictor: horizons in months, no look-ahead, the same as quarterly where it must be, one family."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from capstar import data, leads
from capstar.errors import DataError, SpecificationError

MONTHS = pd.period_range("1965-01", "2004-12", freq="M", name="date")


@pytest.fixture(scope="module")
def gap() -> pd.Series:
    rng = np.random.default_rng(5)
    x = np.zeros(len(MONTHS))
    for t in range(1, len(x)):
        x[t] = 0.98 * x[t - 1] + 0.2 * rng.standard_normal()
    return pd.Series(x, MONTHS, name="gap")


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    return data.small_cap_returns()[["small_minus_large"]]


@pytest.fixture(scope="module")
def monthly(gap, returns) -> leads.LeadResults:
    return leads.LeadStudy(gap, returns, (1, 3), information="recursive", n_replications=99).run()


@pytest.fixture(scope="module")
def quarterly(gap, returns) -> leads.LeadResults:
    ends = gap[gap.index.month % 3 == 0]
    by_quarter = ends.set_axis(ends.index.asfreq("Q"))
    return leads.LeadStudy(by_quarter, returns, (1,), information="recursive", n_replications=99).run()


def test_words_follow_the_frequency(monthly) -> None:
    said = f"{monthly.summary()} {monthly.verdict()}"
    assert "quarter" not in said
    assert "small_minus_large over 1 month(s), IVX" in monthly.verdict()
    assert monthly.primary is not leads.verdict.PRIMARY
    assert monthly.primary.written == "2026-11-28"
    assert monthly.plot().axes[0].get_xlabel() == "horizon, months"
    drawn = monthly.forecast_comparison.plot(horizon=3)
    assert any("3 months ahead" in text.get_text() for text in drawn.findobj(Text))


def test_primary_specification_of_another_frequency_is_refused(gap, returns) -> None:
    primary = leads.PrimarySpecification(horizon=3)
    with pytest.raises(SpecificationError, match=r"its horizon is in quarters, and gap is by month"):
        leads.LeadStudy(gap, returns, (3,), primary=primary).run()


@pytest.mark.parametrize("lag", [0, 1, 2])
def test_three_months_at_quarter_ends_are_a_quarter(gap, returns, lag: int) -> None:
    """A predictor that changes at quarter ends only, sampled there, has the quarter's returns."""
    quarter_of = gap.index.asfreq("Q")
    held = gap[gap.index.month % 3 == 0].set_axis(gap.index[gap.index.month % 3 == 0].asfreq("Q"))
    steps = pd.Series(held.reindex(quarter_of).shift(2).bfill().to_numpy(), gap.index, name="gap")
    by_month = leads.AlignedSample.of(returns["small_minus_large"], steps, 3, publication_lag=lag)
    sampled = steps[steps.index.month % 3 == 0]
    by_quarter = leads.AlignedSample.of(
        returns["small_minus_large"], sampled.set_axis(sampled.index.asfreq("Q")), 1, publication_lag=lag
    )
    y, x = by_month.pairs(3)
    at = y.index.month % 3 == 0
    y_q, x_q = by_quarter.pairs(1)
    assert y[at].index.asfreq("Q").equals(y_q.index)
    np.testing.assert_array_equal(y[at].to_numpy(), y_q.to_numpy())
    np.testing.assert_array_equal(x[at].to_numpy(), x_q.to_numpy())


@pytest.mark.parametrize(("horizon", "lag"), [(1, 1), (3, 2), (12, 1)])
def test_a_return_begins_after_publication(gap, returns, horizon: int, lag: int) -> None:
    """Only the months lag + 1 to lag + horizon after a date move its return."""
    one = returns["small_minus_large"]
    date = pd.Period("1990-05", "M")
    base = leads.AlignedSample.of(one, gap, horizon, publication_lag=lag).after[horizon][date]
    moved = []
    for k in range(-2, lag + horizon + 4):
        other = one.copy()
        other[date + k] += 5
        found = leads.AlignedSample.of(other, gap, horizon, publication_lag=lag).after[horizon][date]
        if abs(found - base) > 1:  # five percent more; running sums round
            moved.append(k)
    assert moved == list(range(lag + 1, lag + horizon + 1))


def test_forecasts_do_not_see_the_future(gap, returns, monthly) -> None:
    """Returns and predictor after a month change no forecast made by then."""
    cut = pd.Period("1990-06", "M")
    rng = np.random.default_rng(0)
    later, after = returns.copy(), gap.copy()
    later.loc[cut + 1 :] += rng.normal(0, 5, later.loc[cut + 1 :].shape)
    after.loc[cut + 1 :] += 3
    made = leads.LeadStudy(after, later, (1, 3), information="recursive", n_replications=99).run()
    for h in (1, 3):
        was = monthly.forecast_comparison.forecasts["small_minus_large", h]
        new = made.forecast_comparison.forecasts["small_minus_large", h]
        # The forecast in row t was made with the predictor of t - h, published a month later.
        until = cut + h - 1
        pd.testing.assert_frame_equal(was.loc[:until, ["mean", "gap"]], new.loc[:until, ["mean", "gap"]])
        assert not was["gap"].loc[cut + h + 2 :].equals(new["gap"].loc[cut + h + 2 :])


def test_delays_are_those_of_the_calendar() -> None:
    assert leads.release_delay("gdp") == 1  # 31 December to 30 January
    assert leads.release_delay("pce") == 2  # 31 January to 2 March
    assert leads.release_delay("pce", frequency="Q") == 1
    assert leads.release_delay("cpi", "rates") == 1
    assert leads.release_delay("rates", days={"rates": 0}) == 0
    assert leads.release_delay("gdp", days={"gdp": 31}) == 2  # 31 days after 31 March are in May
    for wrong in ({"series": ()}, {"series": ("ppi",)}, {"series": ("gdp",), "frequency": "D"}):
        with pytest.raises(SpecificationError, match="choose series of"):
            leads.release_delay(*wrong.pop("series"), **wrong)
    with pytest.raises(SpecificationError, match="at least 0"):
        leads.release_delay("gdp", days={"gdp": -1})


def test_both_frequencies_are_one_family(quarterly, monthly) -> None:
    family = leads.lead_family(quarterly, monthly)
    assert family.table["period"].tolist() == ["quarter", "month", "month"]
    p = pd.concat([quarterly.table, monthly.table])["ivx_rwb_p"]
    expected = leads.adjusted_p_values(p.reset_index(drop=True)).table["p_adjusted"]
    np.testing.assert_array_equal(family.table["ivx_rwb_p_adjusted"], expected)
    assert "over 1 quarter(s)" in family.notes()[0]
    assert "over 1 month(s)" in family.notes()[1]
    with pytest.raises(DataError, match="is in two studies"):
        leads.lead_family(monthly, monthly)
    with pytest.raises(DataError, match="at least two"):
        leads.lead_family(monthly)


def test_the_command_line_takes_months(gap, returns, tmp_path) -> None:
    from typer.testing import CliRunner

    from capstar.cli import app

    gap.to_frame().to_csv(tmp_path / "gap.csv")
    returns.to_csv(tmp_path / "returns.csv")
    given = ["lead", "--gap", "gap.csv", "--returns", "returns.csv", "--horizons", "1", "--start", "none"]
    given = [str(tmp_path / one) if one.endswith(".csv") else one for one in given]
    found = CliRunner().invoke(app, [*given, "--replications", "99"])
    assert found.exit_code == 0, found.output
    assert "Returns over the next months on gap" in found.output
    assert "small_minus_large over 1 month(s)" in " ".join(found.output.split())


def test_the_command_line_takes_releases_and_months_to_start(gap, returns, tmp_path) -> None:
    """The lag and the start are those of the library."""
    from typer.testing import CliRunner

    from capstar.cli import app

    short = gap.loc["1990-01":]
    short.to_frame().to_csv(tmp_path / "gap.csv")
    returns.to_csv(tmp_path / "returns.csv")
    call = [
        "lead",
        "--gap",
        str(tmp_path / "gap.csv"),
        "--returns",
        str(tmp_path / "returns.csv"),
        "--horizons",
        "1",
    ]
    call += ["--replications", "99"]
    done = CliRunner().invoke(
        app, [*call, "--released", "gdp,pce", "--released", "rates", "--start", "1998-03"]
    )
    assert done.exit_code == 0, done.output
    lag = leads.release_delay("gdp", "pce", "rates")
    ours = leads.LeadStudy(
        short, returns, (1,), publication_lag=lag, start="1998-03", n_replications=99
    ).run()
    assert str(ours.summary()) in done.stdout
    assert "Out of sample from 1998-03" in done.stdout
    refused = {
        ("--released", "ppi"): "the calendar has gdp, pce, cpi, rates",
        ("--released", "gdp", "--publication-lag", "1"): "are both given. Leave one out",
        ("--start", "2005Q1"): "is not a month, and the predictor is monthly. Write a month such as 1980-01",
    }
    for options, said in refused.items():
        found = CliRunner().invoke(app, [*call, *options])
        assert found.exit_code == 2, options
        assert said in " ".join(found.output.split())
