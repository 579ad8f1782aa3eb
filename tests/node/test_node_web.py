import io

import pydicom
import pytest
from server.asgi import ask, make_multipart

from node.node_parts import Clock, make_image
from pipeline.node.commitments import Commitments
from pipeline.node.intake import Intake
from pipeline.node.node_config import NodeConfig, Process, Receive, Rule, Source, Web
from pipeline.node.node_metrics import NodeMetrics
from pipeline.node.node_web import make_node_app
from pipeline.node.processor import Processor
from pipeline.node.sender import Sender
from pipeline.node.spool import Spool, State
from pipeline.node.study_record import StudyRecord

TOKEN = {"authorization": "Bearer secret"}


class Place:
    def __init__(self, folder):
        (folder / "token").write_text("secret\n")
        config = NodeConfig(
            folder / "spool",
            source=(Source("web", token_file=folder / "token"),),
            rule=(Rule(()),),
            receive=Receive(disk_reserve_gib=0.0),
        )
        self.spool = Spool(config.folder)
        self.problems: dict[str, str] = {}
        intake = Intake(self.spool, config.receive, Clock())
        self.processor = Processor(self.spool, None, Process(), (), lambda _: None)
        commitments = Commitments(config.folder / "commitments")
        self.sender = Sender(self.spool, config.rule, {}, commitments, (), self.spool.move)
        metrics = NodeMetrics(self.spool, intake, self.processor, self.sender)
        self.app = make_node_app(config, Web(), intake, metrics, lambda: self.problems)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def _encode(dataset):
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _stow(place, *contents, headers=TOKEN):
    body, kind = make_multipart(contents, kind="related")
    return ask(place.app, "POST", "/dicom-web/studies", body, {**kind, **headers})


def test_images_come_by_stow(place):
    images = [make_image(number) for number in range(2)]
    answer = _stow(place, *map(_encode, images))
    assert answer.status == 200
    stored = pydicom.Dataset.from_json(answer.body.decode()).ReferencedSOPSequence
    assert [item.ReferencedSOPInstanceUID for item in stored] == [
        image.SOPInstanceUID for image in images
    ]
    (study,) = place.spool.list(State.RECEIVED)
    assert study.record.source == "web"
    assert sorted(path.read_bytes() for path in study.list_images()) == sorted(map(_encode, images))
    assert not list(place.spool.incoming.iterdir())


def test_what_is_refused_is_named(place):
    ct = make_image(1, SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    answer = _stow(place, _encode(make_image()), _encode(ct), b"nonsense")
    assert answer.status == 202
    told = pydicom.Dataset.from_json(answer.body.decode())
    assert [item.FailureReason for item in told.FailedSOPSequence] == [0xA900, 0xC000]
    assert _stow(place, b"nonsense").status == 409


@pytest.mark.parametrize(
    "authorization", ["", "Bearer other", "Bearer ", "Basic secret", "Bearer s\u00fc"]
)
def test_strangers_are_refused(place, authorization):
    headers = {"authorization": authorization} if authorization else {}
    assert _stow(place, _encode(make_image()), headers=headers).status == 401
    assert not place.spool.list(State.RECEIVED)


def test_health_and_readiness(place):
    assert ask(place.app, "GET", "/healthz").status == 200
    assert ask(place.app, "GET", "/readyz").status == 200
    place.problems["send"] = "has ended at /some/where"
    answer = ask(place.app, "GET", "/readyz")
    assert (answer.status, answer.json["problems"]) == (503, ["send"])
    assert b"/some" not in answer.body


def test_metrics_have_units_and_counts(place):
    _stow(place, _encode(make_image()), _encode(make_image()))
    place.spool.create(StudyRecord("ab", "web", "SEG", 1.0), State.STUDIES)
    place.processor.images.update({"ok": 3})
    place.sender.counts["pacs", "stored"] += 2
    lines = ask(place.app, "GET", "/metrics").body.decode().splitlines()
    for line in (
        'breast_us_seg_received_images_total{outcome="stored"} 1.0',
        'breast_us_seg_received_images_total{outcome="duplicate"} 1.0',
        'breast_us_seg_queue_studies{state="received"} 1.0',
        'breast_us_seg_queue_studies{state="studies"} 1.0',
        'breast_us_seg_processed_images_total{status="ok"} 3.0',
        'breast_us_seg_sent_objects_total{destination="pacs",outcome="stored"} 2.0',
        "breast_us_seg_study_seconds_count 0.0",
    ):
        assert line in lines
    values = dict(line.split(" ") for line in lines if "{" not in line and "#" not in line)
    assert float(values["breast_us_seg_disk_free_bytes"]) > 0
    assert float(values["breast_us_seg_oldest_study_seconds"]) > 1e9


def test_requests_of_other_pages_are_refused(place):
    assert ask(place.app, "GET", "/metrics", headers={"host": "evil.example"}).status == 403
