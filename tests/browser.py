"""Headless Chromium, driven over its own debugging protocol: opens a page from disk and tells what happened there."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    *(
        "--headless=new",
        "--remote-debugging-port=0",
        "--remote-allow-origins=*",
        "--no-sandbox",
        "--no-first-run",
    ),
    *("--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions"),
)


def found() -> str | None:
    """Path of a browser on this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One tab: `open` a file, `show` it at a width and in a scheme of colours, `evaluate` JavaScript in it."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket, self._number, self._session = socket, 0, ""
        self.events: list[dict[str, Any]] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def open(self, path: Path, *, policy: bool = True) -> None:
        """Load a file, and wait until it is there; what was told of an earlier one is forgotten.

        ``policy`` is whether the page's own policy of what it may load holds.
        """
        self._call("Page.setBypassCSP", enabled=not policy)
        self.events.clear()
        self._call("Page.navigate", url=path.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()

    def show(self, width: int, *, scheme: str = "light", height: int = 900, media: str = "screen") -> None:
        """So many pixels wide, in the scheme ``light`` or ``dark``, on a ``screen`` or as in ``print``."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self._call(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def evaluate(self, expression: str) -> Any:
        """Value of an expression, of a promise once it is kept."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """A key, as its name is in JavaScript, on what has the focus."""
        code = {"Home": 36, "ArrowRight": 39}[key]
        for kind in ("rawKeyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, exceptions, and requests of anything but the file itself."""
        out = []
        for event in self.events:
            what = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                out.append(str(what["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning"):
                out.append(str(what["args"]))
            elif event["method"] == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
                out.append(what["entry"]["text"])
            elif event["method"] == "Network.requestWillBeSent":
                url = what["request"]["url"]
                out += [] if url.startswith(("file:", "data:")) else [f"asks for {url}"]
        return out

    def screenshot(self, path: Path) -> None:
        """The whole page as PNG."""
        taken = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def pdf(self, path: Path, *, width: float = 8.27, height: float = 11.69) -> None:
        """As printed, by default on A4; inches."""
        made = self._call("Page.printToPDF", paperWidth=width, paperHeight=height, preferCSSPageSize=False)
        path.write_bytes(base64.b64decode(made["data"]))

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters} | session))
        while (answer := self._receive()).get("id") != self._number:
            pass
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv())
        if "method" in message:
            self.events.append(message)
        return message


@contextmanager
def page(program: str, folder: Path) -> Iterator[Page]:
    """A page in a browser of its own, whose profile is in ``folder``."""
    command = [program, *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL) as running:
        try:
            assert running.stderr is not None
            told = (re.search(r"DevTools listening on (ws://\S+)", line) for line in running.stderr)
            address = next(match[1] for match in told if match)
            socket = websocket.create_connection(address, timeout=60, suppress_origin=True)
            try:
                yield Page(socket)
            finally:
                socket.close()
        finally:
            running.terminate()
