"""What live sources say to 2026, served on loopback from the reference data."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pandas as pd
from data.books import hlw_book, lw_book, real_time_book
from data.sources import Server, query
from data.test_french import archived

from capstar.data.recipes import CANADA, EURO_AREA, UNITED_KINGDOM
from capstar.data.sources.french import FACTORS, SIZE_PORTFOLIOS

Reference = Callable[[str], Path]
_BOOKS = "/medialibrary/media/research/economists/williams/data"
_FRENCH = "/pages/faculty/ken.french/ftp"


def serve_all(server: Server, reference: Reference) -> None:
    """FRED's series of the study to 2026, their vintages, French's files and the New York Fed's workbooks."""
    for name in ("GDPC1", "PCEPILFE", "FEDFUNDS"):
        server.serve(f"/graph/fredgraph.csv?id={name}", reference(f"fred_2026/{name}.csv").read_bytes())
    for name in ("PCECTPI", "M13009USM156NNBR"):  # their early years alone are used
        lines = reference(f"fred_2020_05/{name}.txt").read_text().splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("DATE")) + 1
        rows = [line.split() for line in lines[first:] if line.strip()]
        server.fred(name, "".join(f"{day},{'' if value == '.' else value}\n" for day, value in rows))
    panel = monthly_panel(reference)
    for name in ("UNRATE", "GS10", "TB3MS"):
        rows = panel[name].loc[panel[name].first_valid_index() :]
        server.fred(name, "".join(f"{day}-01,{'' if pd.isna(one) else one}\n" for day, one in rows.items()))
    serve_monthly(server, reference)
    serve_vintages(server, reference)
    for name, path in (
        (SIZE_PORTFOLIOS, "small_caps/Portfolios_Formed_on_ME.csv"),
        (FACTORS, "small_caps/french/F-F_Research_Data_Factors.csv"),
    ):
        server.serve(
            f"{_FRENCH}/{name}_CSV.zip", archived(reference(path).read_bytes()), kind="application/zip"
        )
    server.serve(f"{_BOOKS}/Holston_Laubach_Williams_current_estimates.xlsx", hlw_book(reference))
    server.serve(f"{_BOOKS}/Laubach_Williams_current_estimates.xlsx", lw_book(reference, old=False))


def monthly_panel(reference: Reference) -> pd.DataFrame:
    """FRED-MD, by month."""
    panel = pd.read_csv(reference("fred_2026/FRED-MD_2026-02.csv.gz"), index_col="sasdate", skiprows=[1])
    panel = panel.loc[panel.index.notna()]
    return panel.set_axis(pd.DatetimeIndex(pd.to_datetime(panel.index, format="%m/%d/%Y")).to_period("M"))


def serve_monthly(server: Server, reference: Reference) -> None:
    """The oil price, and import prices made of the New York Fed's: by the quarter to 1988, and none in October 2025."""
    oil = monthly_panel(reference)["OILPRICEx"].dropna()
    server.fred("WTISPLC", "".join(f"{month}-01,{price}\n" for month, price in oil.items()))
    quarters = pd.read_csv(reference("lw2023/us_2023q2_input.csv"), index_col="date")[
        "import_price_inflation"
    ]
    months = pd.period_range("1982-09", "2025-12", freq="M")
    pace = quarters.set_axis(pd.PeriodIndex(quarters.index, freq="Q")).reindex(months.asfreq("Q")).fillna(1.0)
    level = pd.Series(100.0 * np.exp(pace.to_numpy() / 1200.0).cumprod(), months)
    blank = (months < pd.Period("1988-12", "M")) & (months.month % 3 != 0)
    blank |= months == pd.Period("2025-10", "M")
    rows = (
        f"{month}-01,{'.' if none else price}\n"
        for (month, price), none in zip(level.items(), blank, strict=True)
    )
    server.fred("IR", "".join(rows))


def serve_vintages(server: Server, reference: Reference) -> None:
    """ALFRED's table of any days, each a column, from the real-time sets of Philadelphia and of FRED-QD."""
    gdp = pd.read_csv(reference("vintages/real_gdp_2026q1.csv.gz"), index_col=0)
    core = pd.read_csv(reference("vintages/core_pce_price.csv"), index_col=0)
    later = pd.read_csv(reference("vintages/fred_qd_PCEPILFE.csv.gz"), index_col=0)

    unemployment = monthly_panel(reference)["UNRATE"].dropna()

    def column(series: str, day: pd.Timestamp) -> pd.Series:
        if series == "UNRATE":  # as if it were never revised
            return unemployment.loc[: str(day.to_period("M") - 1)]
        label, month = str(day.to_period("Q")), str(day.to_period("M") - 1)
        if series == "GDPC1":
            out = gdp[min(label, gdp.columns[-1])].set_axis(pd.PeriodIndex(gdp.index, freq="Q"))
        elif label in core:
            out = core[label].set_axis(pd.PeriodIndex(core.index, freq="Q"))
        else:
            out = later[min(month, later.columns[-1])].set_axis(pd.PeriodIndex(later.index, freq="Q"))
        out = out.dropna()
        published = day - pd.Timedelta(days=29)
        if series == "GDPC1":
            out = out.loc[out.index.end_time < published]
            return out.set_axis(out.index.asfreq("M", "start"))
        months = [(q.asfreq("M", "start") + k, value) for q, value in out.items() for k in range(3)]
        return pd.Series({month: value for month, value in months if month.end_time < published})

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked = query(request.path)
        names, days = asked["id"].split(","), asked["vintage_date"].split(",")
        columns = {
            f"{name}_{day.replace('-', '')}": column(name, pd.Timestamp(day))
            for name, day in zip(names, days, strict=True)
        }
        table = pd.DataFrame(columns)
        table.index = [f"{month}-01" for month in table.index]
        body = table.rename_axis("observation_date").to_csv().encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/csv")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    server.misbehave("/graph/alfredgraph.csv", answer)


def serve_further(server: Server, reference: Reference) -> None:
    """What else the functions of the room ask for: made-up series of other countries and of days; real-time r*."""
    months, days = pd.period_range("1960-01", "2019-12", freq="M"), pd.bdate_range("2024-01-02", periods=60)
    for country in (CANADA, EURO_AREA, UNITED_KINGDOM):
        for one in country.inputs:
            dates = months[::3] if one is country.gdp else months
            rows = (f"{month}-01,{100 * 1.003**k * (1 + 0.01 * (k % 7))}\n" for k, month in enumerate(dates))
            level = (f"{month}-01,{3 + k % 5}\n" for k, month in enumerate(dates))
            server.fred(one.sources[0].removeprefix("fred:"), "".join(level if one is country.rate else rows))
    for name in ("NASDAQNQUSS", "DEXUSEU", "DEXJPUS"):
        server.fred(name, "".join(f"{day:%Y-%m-%d},{1 + k / 100}\n" for k, day in enumerate(days)))
    book = real_time_book(reference, ["2015Q4", "2018Q1"])
    server.serve(f"{_BOOKS}/Holston_Laubach_Williams_real_time_estimates.xlsx", book)
