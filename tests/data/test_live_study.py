from __future__ import annotations
import pytest, time, warnings
from data.live import serve_all
from capstar.study import run


@pytest.fixture
def live(server, reference):
    serve_all(server, reference)
    return server


def test_all(live) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        t = time.time()
        r = run(
            "fred",
            model="all",
            n_replications=0,
            n_workers=2,
            horizons=(1, 4),
            progress=lambda s, x: (x in (0.0, 1.0)) and print(round(time.time() - t), s, x, flush=True),
        )
        print(time.time() - t)
    for part in (r.now, r.whose, r.real_time):
        print(part and part.summary())
    print(r.verdict()[:1200])
    print(r.choice)
    r.save("/tmp/studyins_live")
