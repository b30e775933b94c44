"""Files that are no table, or one with something odd about it, and manifests that are none of a snapshot."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HUGE = "9" * 400
MANIFESTS = {
    "text": "no json", "null": "null", "list": "[]", "number": "1", "no_tables": "{}",
    "tables_null": '{"tables": null}',
    "tables_list": '{"tables": [1, 2]}', "tables_text": '{"tables": "macro"}',
    "entry_null": '{"tables": {"macro": null}}',
    "entry_list": '{"tables": {"macro": []}}', "entry_empty": '{"tables": {"macro": {}}}',
    "file_number": '{"tables": {"macro": {"file": 3, "sha256": "x", "frequency": null, "attrs": {}}}}',
    "file_null": '{"tables": {"macro": {"file": null, "sha256": 1, "frequency": 1, "attrs": 1}}}',
    "file_list": '{"tables": {"macro": {"file": ["a"], "sha256": [], "frequency": {}, "attrs": []}}}',
    "frequency": '{"tables": {"macro": {"file": "m.csv", "sha256": "SHA", "frequency": "zz", "attrs": {}}}}',
    "frequency_number": '{"tables": {"macro": {"file": "m.csv", "sha256": "SHA", "frequency": 4, "attrs": {}}}}',
    "attrs": '{"tables": {"macro": {"file": "m.csv", "sha256": "SHA", "frequency": "Q-DEC", "attrs": 5}}}',
    "attrs_text": '{"tables": {"macro": {"file": "m.csv", "sha256": "SHA", "frequency": "Q-DEC", "attrs": "abc"}}}',
    "macro_alone": '{"tables": {"macro": {"file": "m.csv", "sha256": "SHA", "frequency": "Q-DEC", "attrs": {}}}}',
    "deep": "[" * 100_000, "huge": f'{{"tables": {HUGE * 20}}}', "nan": '{"tables": NaN}', "bytes": "\udcff",
}  # fmt: skip


def odd_files() -> Iterator[tuple[str, bytes]]:
    """Files that are no table, or a table with something odd about it."""
    good = "date,gap\n1990Q1,1\n1990Q2,2\n"
    frame = pd.DataFrame({"date": ["1990Q1", "1990Q2"], "gap": [1.0, 2.0]})
    noise = np.random.default_rng(5).bytes(400)
    texts = {
        "blank": "\n\n\n", "header": "date,gap\n", "commas": ",,,\n,,,\n",
        "twice": "date,gap,gap\n1990Q1,1,2\n1990Q2,1,2\n",
        "dates_twice": "date,date,gap\n1990Q1,1990Q1,1\n", "no_columns": "date\n1990Q1\n1990Q2\n",
        "huge": f"date,gap\n1990Q1,{HUGE}\n",
        "zones": "date,gap\n2020-01-01T00:00+02:00,1\n2020-04-01T00:00-05:00,2\n", "far": "date,gap\n99999-01-01,1\n",
        "zero": "date,gap\n0000-00-00,1\n", "infinite": "date,gap\n1990Q1,inf\n1990Q2,1e400\n",
        "quote": 'date,gap\n"1990Q1,1\n',
        "ragged": "date,gap\n1990Q1,1,2,3\n", "short": "date,gap,x\n1990Q1\n", "nul": "date,g\0ap\n1990Q1,1\0\n",
        "escape": "date,\x1b[31mgap\n1990Q1,1\n", "bool": "date,gap\n1990Q1,True\n1990Q2,False\n",
        "html": "<html><body>no</body></html>",
        "json": '{"date": [1], "gap": [2]}', "one_line": "date," * 500,
        "wide": "date," + ",".join(f"c{k}" for k in range(400)),
        "formula": "date,gap\n1990Q1,=1+1\n", "unnamed": "date,\n1990Q1,1\n1990Q2,2\n",
        "spaces": "date gap\n1990Q1 1\n",
        "date_number": "date,gap\n1,1\n2,2\n", "surrogate": "date,gap\n1990Q1,💥\n",
        "year_one": "date,gap\n0001-01-01,1\n0001-04-01,2\n",
    }  # fmt: skip
    yield from ((f"{name}.csv", text.encode()) for name, text in texts.items())
    packed = gzip.compress(good.encode(), mtime=0)
    with zipfile.ZipFile(two := io.BytesIO(), "w") as archive:
        archive.writestr("a.csv", good)
        archive.writestr("b.csv", good)
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    yield from {
        "empty.csv": b"", "noise.csv": noise, "noise.parquet": noise, "noise.xlsx": noise, "noise.csv.gz": noise,
        "noise.zip": noise,
        "noise.dta": noise, "noise.xls": noise, "empty.parquet": b"", "pickle.parquet": pickle.dumps(frame),
        "pickle.csv": pickle.dumps(frame),
        "two.zip": two.getvalue(), "two.csv.zip": two.getvalue(), "cut.csv.gz": packed[:-9],
        "cut.parquet": parquet.getvalue()[:-30],
        "hollow.parquet": b"PAR1" + noise + b"PAR1", "latin.csv": good.replace("gap", "Lücke").encode("latin-1"),
        "utf16.csv": good.encode("utf-16"), "utf16_bare.csv": good.encode("utf-16-le"),
        "parquet.csv": parquet.getvalue(),
        "csv.parquet": good.encode(), "csv.xlsx": good.encode(), "zip.xlsx": two.getvalue(), "csv.gz": packed,
        "bom.csv": b"\xef\xbb\xbf",
        "odd\xff.csv".encode("latin-1").decode("utf-8", "replace"): good.encode(),
    }.items()  # fmt: skip
    yield from _parquet(frame)


def _parquet(frame: pd.DataFrame) -> Iterator[tuple[str, bytes]]:
    table = pa.table({"date": ["1990Q1", "1990Q2"], "gap": [1.0, 2.0]})
    day = pd.Timestamp("1990-01-01")
    zones = pd.DatetimeIndex(
        [day.tz_localize("Europe/Zurich"), day.tz_localize("Europe/Zurich") + pd.Timedelta("90D")]
    )
    kinds = {
        "twice": pa.Table.from_arrays([table["date"], table["gap"], table["gap"]], names=["date", "gap", "gap"]),
        "meta": table.replace_schema_metadata({b"pandas": b"{no json"}),
        "meta_bytes": table.replace_schema_metadata({b"\xff\xfe": b"\xff", b"pandas": b"\xff"}),
        "meta_types": table.replace_schema_metadata({b"pandas": json.dumps({"index_columns": 3,
        "columns": {}}).encode()}),
        "lists": pa.table({"date": ["1990Q1"], "gap": [[1.0, 2.0]]}), "structs": pa.table({"date": ["1990Q1"],
        "gap": [{"a": 1}]}),
        "binary": pa.table({"date": [b"\xff\xfe"], "gap": [b"\xff"]}), "bool": pa.table({"date": ["1990Q1"],
        "gap": [True]}),
        "integers": pa.table({"date": [1, 2], "gap": [1, 2]}), "nothing": pa.table({"date": pa.nulls(2),
        "gap": pa.nulls(2)}),
        "durations": pa.table({"date": ["1990Q1"], "gap": pa.array([5], pa.duration("s"))}),
        "no_rows": table.slice(0, 0),
        "decimals": pa.table({"date": ["1990Q1"], "gap": pa.array([1]).cast(pa.decimal128(38, 2))}),
        "zoned": pa.Table.from_pandas(pd.DataFrame({"gap": [1.0, 2.0]}, zones.rename("date"))),
        "far": pa.table({"date": pa.array([10**15], pa.timestamp("s")), "gap": [1.0]}), "no_columns": pa.table({}),
    }  # fmt: skip
    for name, one in kinds.items():
        pq.write_table(one, body := io.BytesIO())
        yield f"{name}.parquet", body.getvalue()
    frame.to_feather(body := io.BytesIO())
    yield "feather.parquet", body.getvalue()
    yield "feather.feather", body.getvalue()
