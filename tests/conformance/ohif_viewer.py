"""The real OHIF Viewer in a browser, before a real archive."""

import json
import threading
import urllib.error
import urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from browser.chromium import Chromium
from label.orthanc import Orthanc
from numpy.typing import NDArray

CONFIG = Path(__file__).parent / "ohif" / "app-config.js"
PORT = 3000
PATIENCE_S = 180.0
"""The viewer has 200 MB of scripts, and draws without a graphics card."""

# Without its introduction, which lies over the page.
_NO_TOUR = """localStorage.setItem("shownTours", JSON.stringify(["basicViewerTour"]))"""

_DISPLAY_SETS = """
(window.services?.displaySetService?.getActiveDisplaySets() ?? []).map((set) => ({
  uid: set.displaySetInstanceUID,
  modality: set.Modality,
  series: set.SeriesInstanceUID,
  number: Number(set.SeriesNumber),
  description: set.SeriesDescription,
  instance: set.SOPInstanceUID ?? set.instances?.[0]?.SOPInstanceUID,
}))
"""

# Of each label map the image and frame that it lies on, and the segment number of every pixel.
_LABEL_MAPS = """
cornerstoneTools.segmentation.state.getSegmentations().flatMap((each) =>
  each.representationData.Labelmap.imageIds.map((imageId) => {
    const image = cornerstone.cache.getImage(imageId);
    const source = image.referencedImageId;
    return {
      segmentation: each.segmentationId,
      instance: cornerstone.metaData.get("instance", source).SOPInstanceUID,
      frame: Number(/frames\\/(\\d+)/.exec(source)[1]),
      rows: image.rows,
      columns: image.columns,
      labels: Array.from(image.voxelManager.getScalarData()),
    };
  }))
"""

# Of each measurement of a report the image and frame, its shape, and what is written at it.
_MEASUREMENTS = """
((report) => report?.isLoaded && report.measurements.map((each) => ({
  instance: each.ReferencedSOPInstanceUID,
  frame: each.frameNumber,
  shape: each.graphicType,
  texts: Object.fromEntries(each.labels.map(({ label, value }) => [label, value])),
})))(services.displaySetService.getActiveDisplaySets().find(
  (set) => set.Modality === "SR" && set.SeriesDescription.startsWith(DESCRIPTION)))
"""

_SEGMENTATIONS = "cornerstoneTools.segmentation.state.getSegmentations()"

_SHOWN = """
services.segmentationService.getSegmentationRepresentations(
  services.viewportGridService.getActiveViewportId())
"""


class OhifViewer:
    """Serve the viewer's files and an archive under one address, and open studies in a browser.

    Args:
        files: the folder ``dist`` of the npm package ``@ohif/app``.
        folder: for the archive and the profile of the browser.
    """

    def __init__(self, files: Path, folder: Path) -> None:
        self.archive = Orthanc(folder / "archive")
        handler = type("Handler", (_Handler,), {"files": files, "archive": self.archive})
        self._server = ThreadingHTTPServer(("127.0.0.1", PORT), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.browser = Chromium(folder / "profile")
        self.browser.patience_s = PATIENCE_S
        self.browser.resize(1400, 900)
        self.browser.send("Page.addScriptToEvaluateOnNewDocument", source=_NO_TOUR)

    def close(self) -> None:
        self.browser.close()
        self._server.shutdown()
        self._server.server_close()
        self.archive.close()

    @property
    def complaints(self) -> list[str]:
        """What the console says, but for drawing without a graphics card."""
        return [text for text in self.browser.complaints if "swiftshader" not in text]

    def open_study(self, uid: str, objects: int) -> list[dict[str, Any]]:
        """Open a study; return what the viewer lists, once it is as many objects."""
        self.browser.complaints.clear()
        self.browser.send(
            "Page.navigate", url=f"http://127.0.0.1:{PORT}/viewer?StudyInstanceUIDs={uid}"
        )
        self.browser.wait(f"{_DISPLAY_SETS}.length >= {objects}")
        self.browser.wait(
            "document.querySelector('[data-cy=\"study-browser-thumbnail-no-image\"]')"
        )
        self.browser.wait("services.cornerstoneViewportService.viewportsById.size > 0")
        listed: list[dict[str, Any]] = self.browser.run(_DISPLAY_SETS)
        return listed

    def double_click(self, text: str) -> None:
        """Open an object of the list as a person does, by the beginning of its description."""
        find = (
            "[...document.querySelectorAll('[data-cy=\"study-browser-thumbnail-no-image\"]')]"
            f".find((each) => each.textContent.includes({json.dumps(text)}))"
        )
        self.browser.wait(find)
        x, y = self.browser.run(
            f"(() => {{ const each = {find}; each.scrollIntoView({{block: 'center'}});"
            "const box = each.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for count in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                self.browser.send(
                    "Input.dispatchMouseEvent",
                    type=kind,
                    x=x,
                    y=y,
                    button="left",
                    buttons=1,
                    clickCount=count,
                )

    def open_segmentation(self, text: str) -> dict[tuple[str, int], NDArray[np.uint8]]:
        """Open one; return the segment number of each pixel by image and frame."""
        before = self.browser.run(f"{_SEGMENTATIONS}.length")
        self.double_click(text)
        self.browser.wait(f"{_SEGMENTATIONS}.length > {before} && {_SHOWN}.length > 0")
        last = self.browser.run(f"{_SEGMENTATIONS}.at(-1).segmentationId")
        return {
            (item["instance"], item["frame"]): np.array(item["labels"], np.uint8).reshape(
                item["rows"], item["columns"]
            )
            for item in self.browser.run(_LABEL_MAPS)
            if item["segmentation"] == last
        }

    def open_report(self, text: str) -> list[dict[str, Any]]:
        """Open one; return its measurements."""
        measurements = _MEASUREMENTS.replace("DESCRIPTION", json.dumps(text))
        self.double_click(text)
        self.browser.wait(measurements)
        found: list[dict[str, Any]] = self.browser.run(measurements)
        return found


class _Handler(SimpleHTTPRequestHandler):
    files: Path
    archive: Orthanc

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Be quiet."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/dicom-web/"):
            self._ask_archive()
            return
        if path == "/app-config.js":
            self._answer(200, "text/javascript", CONFIG.read_bytes())
            return
        file = self.files / path.lstrip("/")
        found = file if file.is_file() else self.files / "index.html"
        self._answer(200, self.guess_type(str(found)), found.read_bytes())

    def _ask_archive(self) -> None:
        headers = {"Accept": self.headers.get("Accept", "*/*"), "Host": self.headers["Host"]}
        try:
            answer = self.archive.ask(self.path, headers=headers)
        except urllib.error.HTTPError as error:
            self._answer(error.code, "text/plain", error.read())
            return
        with answer:
            self._answer(answer.status, answer.headers["Content-Type"], answer.read())

    def _answer(self, status: int, media_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        # The viewer decodes in threads with shared memory.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(content)
