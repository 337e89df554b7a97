"""Names that no file can hold as they are: a page is written all the same."""

import json
import re

import numpy as np

import chainrule as cr
from chainrule.callbacks import Recorder


def test_halves_of_characters_in_names_do_not_stop_a_page_from_being_written(tmp_path):
    x = np.linspace(-1, 1, 12).reshape(6, 2)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, 0], verbose=0, callbacks=[Recorder(tmp_path / "run", features=["\ud800x", "y"])])
    recording = cr.recording.load(tmp_path / "run")
    recording.start["run"]["name"] = "run \udc80"
    recording.save_html(tmp_path / "run.html")
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="recording">(.*?)</script>', text, re.S)[1])
    assert [f["name"] for f in data["messages"][0]["data"]["features"]] == ["?x", "y"]
    assert "<title>run ? · chainrule</title>" in text
    assert "run ?" in recording._repr_html_().encode("utf-8").decode()
