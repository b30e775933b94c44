"""Small workbooks in the layouts of the Federal Reserve Bank of New York."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pandas as pd


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def add(book: openpyxl.Workbook, name: str, rows: list[list[object]]) -> None:
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)


def hlw_book(reference) -> bytes:
    """Holston, Laubach and Williams as published in 2023: blocks by variable, columns by country."""
    book = openpyxl.Workbook()
    book.active.title = "Read Me"
    book.active.append(["Date", "of release: 2023"])  # a note, no table
    estimates = pd.read_csv(reference("hlw2023/us_2023q2_published.csv"), parse_dates=["date"])
    names = ("g", "z", "rstar", "output_gap")
    blocks = ("Trend Growth (g), Annualized", "Other Determinants (z)", "Natural Rate (r*)", "Output Gap")
    top: list[object] = [None, None]
    head: list[object] = ["Date", None]
    for block in blocks:
        top += [block, None, None, None]
        head += ["US", "Canada ", "Euro Area", None]
    rows: list[list[object]] = [["Estimates based on data of 2023Q2"], [None], [None], [None], top, head]
    for _, e in estimates.iterrows():
        row: list[object] = [e["date"].to_pydatetime(), None]
        for name in names:
            row += [e[f"{name}_filtered"], -1.0, "NA", None]
        rows.append(row)
    rows.append(["Sources: the papers"])
    add(book, "HLW Estimates", rows)
    inputs = pd.read_csv(reference("hlw2023/us_2023q2_input.csv"), parse_dates=["date"])
    cells = [["Date", "gdp.log", "inflation", "inflation.expectations", "interest", "covid.ind"]]
    order = ["log_gdp", "inflation", "expected_inflation", "interest_rate", "covid_index"]
    cells += [[i["date"].to_pydatetime(), *i[order]] for _, i in inputs.iterrows()]
    add(book, "US input data", cells)
    add(book, "CA input data", cells[:10])
    parameters = [["Selected parameter estimates"], ["Parameter", "United States", "Canada"]]
    parameters += [["lambda_g", 0.0727695477, 0.05], ["a_y1", 1.385379833, 1.2], ["sigma_y*", 0.4949, 0.4]]
    add(book, "HLW parameters", parameters)
    return saved(book)


def lw_book(reference, *, old: bool) -> bytes:
    """Laubach and Williams: one sheet of one- and two-sided estimates.

    The old layout writes GDP as ``gdp``, dates at the quarter's end and the last index as a formula.
    """
    book = openpyxl.Workbook()
    book.active.title = "data"
    published = pd.read_csv(reference("lw2023/us_2023q2_published.csv"), parse_dates=["date"])
    for row in (
        ["Estimates based on data available"],
        [None],
        ["Final data point: 2023Q2"],
        [None],
        [None, None, "One-Sided Estimates", None, None, None, None, "Two-Sided Estimates"],
        ["Date", None, "rstar", "g", "z", "Output gap", None, "rstar", "g", "z", "Output gap"],
    ):
        book.active.append(row)
    order = ("rstar", "g", "z", "output_gap")
    for _, e in published.iterrows():
        one, two = ([e[f"{name}_{side}"] for name in order] for side in ("filtered", "smoothed"))
        book.active.append([e["date"].to_pydatetime(), None, *one, None, *two])
    inputs = pd.read_csv(reference("lw2023/us_2023q2_input.csv"), parse_dates=["date"])
    head = ["gdp" if old else "gdp.log", "inflation", "inflation.expectations", "oil.price.inflation"]
    cells = [["Date", *head, "import.price.inflation", "interest", "covid.ind"]]
    columns = ["log_gdp", "inflation", "expected_inflation", "oil_price_inflation"]
    columns += ["import_price_inflation", "interest_rate", "covid_index"]
    for _, i in inputs.iterrows():
        date = i["date"].to_pydatetime()
        cells.append([date + dt.timedelta(days=88) if old else date, *i[columns]])
    add(book, "input data", cells)
    if old:
        where = book["input data"].cell(len(inputs) + 1, 8)
        stored, where.value = where.value, "=H262*0.5"
        return with_cached_value(saved(book), "=H262*0.5", stored)
    return saved(book)


def real_time_book(reference, vintages: list[str]) -> bytes:
    """Holston, Laubach and Williams as published quarter by quarter: a sheet a vintage, blocks in another order."""
    table = pd.read_csv(reference("hlw_published/realtime_us_ca.csv"), parse_dates=["date"])
    book = openpyxl.Workbook()
    book.active.title = "info"
    names = ("output_gap", "g", "z", "rstar")
    blocks = ("Output Gap", "Trend Growth (g, annualized)", "Other Determinants (z)", "Natural Rate (r*)")
    for vintage in vintages:
        one = table[table["vintage"] == vintage].pivot(
            index="date", columns="country", values=[f"{n}_filtered" for n in names]
        )
        top: list[object] = [None, None]
        head: list[object] = ["Date", None]
        for block in blocks:
            top += [block, None, None]
            head += ["US", "Canada", None]
        rows: list[list[object]] = [["HLW"], [None], [None], [None], top, head]
        for date, values in one.iterrows():
            row: list[object] = [date.to_pydatetime(), None]
            for name in names:
                row += [values[f"{name}_filtered", "us"], values[f"{name}_filtered", "ca"], None]
            rows.append(row)
        add(book, vintage, rows)
    return saved(book)


def with_cached_value(body: bytes, formula: str, value: float) -> bytes:
    """A spreadsheet program stores a formula's value beside it; openpyxl does not."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            empty = f"<f>{formula[1:]}</f><v></v>".encode()
            for form in (empty, empty.replace(b"<v></v>", b"<v/>"), empty.replace(b"<v></v>", b"<v />")):
                part = part.replace(form, f"<f>{formula[1:]}</f><v>{value!r}</v>".encode())
            new.writestr(name, part)
    return out.getvalue()
