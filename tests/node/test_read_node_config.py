from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.node.node_config import DicomDestination, WebDestination
from pipeline.node.read_node_config import read_node_config

GOOD = """
folder = "spool"
[receive]
aet = "SEG"
silence_s = 5
[[source]]
name = "scanner"
aet = "US1"
addresses = ["10.0.0.0/24", "::1"]
[[rule]]
source = "scanner"
modality = "US"
to = ["pacs"]
[[rule]]
to = ["web"]
[[destination]]
kind = "dicom"
name = "pacs"
aet = "PACS"
host = "pacs.example"
port = 104
[[destination]]
kind = "dicomweb"
name = "web"
url = "https://pacs.example/dicom-web"
password_file = "secret"
[process]
set = { operating_point = "specific", "outputs#sc" = true }
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text)
    return path


def test_reads_all(tmp_path):
    config = read_node_config(_write(tmp_path, GOOD))
    assert config.folder == tmp_path / "spool"
    assert config.receive.aet == "SEG"
    assert config.receive.silence_s == 5
    assert config.receive.host == "127.0.0.1"
    assert [rule.to for rule in config.rule] == [("pacs",), ("web",)]
    dicom, web = config.destination
    assert isinstance(dicom, DicomDestination)
    assert isinstance(web, WebDestination)
    assert web.password_file == tmp_path / "secret"
    assert config.process.set == {"operating_point": "specific", "outputs#sc": True}
    assert config.retry_minutes == (1, 5, 15, 60)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("folder =", "foldr =", "folder"),
        ("silence_s = 5", 'silence_s = "5"', "receive.silence_s"),
        ("silence_s = 5", "silence_s = -1", "receive.silence_s"),
        ('aet = "SEG"', 'aet = "LONGER THAN 16 CHARACTERS"', "receive.aet"),
        ('aet = "SEG"', r'aet = "A\\B"', "receive.aet"),
        ('kind = "dicomweb"', 'kind = "ftp"', "destination"),
        ("https://pacs", "https://me:word@pacs", "destination"),
        ("port = 104", "port = 0", "destination"),
        ('to = ["web"]', 'to = ["other"]', "rule.to"),
        ('to = ["web"]', 'called = "SEG"\nto = ["web"]', "rule"),
        ('source = "scanner"', 'source = "nobody"', "rule.source"),
        ('"10.0.0.0/24"', '"10.0.0.300"', "source.addresses"),
        ('addresses = ["10.0.0.0/24", "::1"]', "", "source.addresses"),
        ('name = "web"', 'name = "pacs"', "destination"),
        ('name = "scanner"', 'name = "../up"', "source.0.name"),
        ("[receive]", "[receive]\ntls = {}", "tls"),
        ("[process]", "[process", "TOML"),
    ],
)
def test_refuses(tmp_path, old, new, told):
    assert old in GOOD
    path = _write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as error:
        read_node_config(path)
    assert told in str(error.value)
    assert str(path) in str(error.value)


def test_missing_file_is_reported(tmp_path):
    with pytest.raises(ConfigError, match="FileNotFoundError"):
        read_node_config(tmp_path / "none.toml")
