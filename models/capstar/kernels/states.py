"""Turning points of a price history: the censoring rules of Bry and Boschan, at every date.

Candidates, local extremes in order of time, are nodes of a doubly linked list closed by the node
``size``, so that one leaves in constant time.  ``kind`` is 1 for a peak and -1 for a trough: the more
extreme of two of a kind has the larger ``kind * price``.
"""

from __future__ import annotations

import numpy as np

from capstar.kernels.compiling import cached


@cached
def _drop(node, before, after):
    after[before[node]] = after[node]
    before[after[node]] = before[node]


@cached
def _keep_extreme(a, b, price, kind, before, after):
    """Drop the less extreme of two neighbours of a kind, the later where equal; returns the other."""
    if kind[b] * price[b] > kind[a] * price[a]:
        _drop(a, before, after)
        return b
    _drop(b, before, after)
    return a


@cached
def _trim(first, last, price, kind, before, after, bounds):
    """Drop points at either end less extreme than the first or last price.

    ``bounds`` shrinks to the last prices for which the same points would go.
    """
    end = before.size - 1
    node = after[end]
    while node != end and kind[node] * price[node] < kind[node] * first:
        _drop(node, before, after)
        node = after[end]
    node = before[end]
    while node != end:
        outdone = kind[node] * price[node] < kind[node] * last
        if outdone == (kind[node] > 0):
            bounds[0] = max(bounds[0], price[node])
        else:
            bounds[1] = min(bounds[1], price[node])
        if not outdone:
            break
        _drop(node, before, after)
        node = before[end]


@cached
def _move(a, b, price):
    """Change of price from one node to another, percent, without sign."""
    return abs(price[b] / price[a] - 1.0) * 100.0


@cached
def _censor_phases(first, last, price, at, kind, rules, before, after, bounds):
    """Drop the end of a phase that is short and small, and compare its neighbours."""
    end = before.size - 1
    phase, threshold = rules[0], rules[2]
    a = after[end]
    while a != end and after[a] != end:
        b = after[a]
        if at[b] - at[a] >= phase or _move(a, b, price) >= threshold:
            a = b
            continue
        _drop(b, before, after)
        if after[a] != end:
            a = _keep_extreme(a, after[a], price, kind, before, after)
        else:
            _trim(first, last, price, kind, before, after, bounds)


@cached
def _censor_cycles(first, last, price, at, kind, rules, before, after, bounds):
    """Drop the start of a cycle that is short and small, and compare its neighbours."""
    end = before.size - 1
    cycle, threshold = rules[1], rules[2]
    a = after[end]
    while a != end and after[a] != end and after[after[a]] != end:
        b = after[a]
        c = after[b]
        if at[c] - at[a] >= cycle or max(_move(a, b, price), _move(b, c, price)) >= threshold:
            a = b
            continue
        z = before[a]
        _drop(a, before, after)
        if z != end:
            b = _keep_extreme(z, b, price, kind, before, after)
        _trim(first, last, price, kind, before, after, bounds)
        # The cycle that turns at b has changed; those before are longer or as they were.
        a = before[b] if before[b] != end else after[end]


@cached
def _censor(first, last, price, at, kind, rules, before, after, bounds):
    """Turning points among the candidates; they stay in the list ``before``, ``after``."""
    end = before.size - 1
    for node in range(end + 1):
        before[node] = node - 1 if node > 0 else end
        after[node] = node + 1 if node < end else 0
    bounds[0], bounds[1] = -np.inf, np.inf
    a = after[end]
    while a != end and after[a] != end:
        b = after[a]
        a = _keep_extreme(a, b, price, kind, before, after) if kind[a] == kind[b] else b
    _trim(first, last, price, kind, before, after, bounds)
    _censor_phases(first, last, price, at, kind, rules, before, after, bounds)
    _censor_cycles(first, last, price, at, kind, rules, before, after, bounds)


@cached
def turning_points(prices, at, kind, lag, rules, known, state):
    """Run the rules on the data up to each date; returns which candidates the last run keeps.

    Parameters
    ----------
    prices
        (n,).
    at, kind
        (size,) position and kind of the candidates, in order of time.
    lag
        Bars after which a candidate counts.
    rules
        (3,) shortest phase, shortest cycle, and the move in percent that exempts from both.
    known
        (size,) filled with the bar at which a run first kept the candidate; -1 where none did.
    state
        (n,) filled with what was known at each bar: 1 after a trough, 0 after a peak, NaN before either.
    """
    size = at.size
    kept = np.zeros(size, dtype=np.bool_)
    price = prices[at]
    bounds = np.empty(2)
    known[:] = -1
    count, done = 0, -1
    for t in range(prices.size):
        while count < size and at[count] + lag <= t:
            count += 1
        state[t] = state[t - 1] if t > 0 else np.nan
        if count == done and bounds[0] < prices[t] < bounds[1]:
            continue
        before, after = np.empty(count + 1, dtype=np.int64), np.empty(count + 1, dtype=np.int64)
        _censor(prices[0], prices[t], price, at, kind, rules, before, after, bounds)
        done = count
        kept[:] = False
        node = after[count]
        state[t] = np.nan
        while node != count:
            kept[node] = True
            if known[node] < 0:
                known[node] = t
            state[t] = 1.0 if kind[node] < 0 else 0.0
            node = after[node]
    return kept
