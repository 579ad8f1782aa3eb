"""HTTP of a node: health, metrics, STOW-RS."""

import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pipeline.node.intake import Intake
from pipeline.node.make_tls import make_server_context
from pipeline.node.node_config import NodeConfig, Web
from pipeline.node.node_metrics import NodeMetrics
from pipeline.node.stow_api import make_stow_api
from pipeline.server.answers import PathHider, add_error_answers
from pipeline.server.guards import Guards
from pipeline.server.listen import LOOPBACK, list_hosts, listen, make_uvicorn

_SMALL = 1 << 16
_GIB = 1 << 30


def make_node_app(
    config: NodeConfig,
    web: Web,
    intake: Intake,
    metrics: NodeMetrics,
    find_problems: Callable[[], Mapping[str, str]],
) -> Guards:
    """Make the server as an ASGI application; it does not listen yet.

    Args:
        config: of the node.
        web: its part for this server.
        intake: takes images.
        metrics: of the node.
        find_problems: returns why the node is not ready, by its parts; empty if it is.

    Raises:
        ConfigError: a token cannot be read.
    """
    app = FastAPI(title="breast-us-seg node", openapi_url=None)
    add_error_answers(app, PathHider([config.folder]))
    app.include_router(make_stow_api(config, intake))

    @app.get("/healthz")
    def tell_health() -> Response:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz")
    def tell_ready() -> Response:
        problems = sorted(find_problems())  # the log says why
        status = "not ready" if problems else "ok"
        return JSONResponse({"status": status, "problems": problems}, 503 if problems else 200)

    @app.get("/metrics")
    def tell_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    largest = int(config.receive.most_instance_gib * _GIB)
    return Guards(
        app,
        hosts=list_hosts(web.host, web.names),
        any_address=web.host not in LOOPBACK,
        find_limit=lambda method, path: largest if path.startswith("/dicom-web/") else _SMALL,
    )


class NodeWeb:
    """Answer in a thread.

    Args:
        app: of `make_node_app`.
        web: where.

    Raises:
        ConfigError: the address is taken, or a certificate does not fit.
    """

    def __init__(self, app: Any, web: Web) -> None:
        options = {}
        if web.tls is not None:
            make_server_context(web.tls)  # says in our words what does not fit
            options = {
                "ssl_certfile": str(web.tls.certificate),
                "ssl_keyfile": str(web.tls.key),
                "ssl_ca_certs": None if web.tls.ca is None else str(web.tls.ca),
                "ssl_cert_reqs": 0 if web.tls.ca is None else 2,
            }
        self._listening: socket.socket = listen(web.host, web.port)
        self._server = make_uvicorn(app, **options)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listening]}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._listening.getsockname()[1])

    def close(self) -> None:
        """Stop, when what is being answered is."""
        self._server.should_exit = True
        self._thread.join(10)
