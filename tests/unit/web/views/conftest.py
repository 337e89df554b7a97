"""A stage without a server: a model, its data, and the newest moment of its training."""

from types import SimpleNamespace

import numpy as np
import pytest

from chainrule.data.adapters import make_batches
from chainrule.recording import messages
from chainrule.web.hub import Hub
from chainrule.web.session import Position
from chainrule.web.trail import Trail
from chainrule.web.twin import Moment, Twin, values_of, variables_of


def make_stage(model, x, y, **names):
    """Return what views take, showing the model as it is."""
    training = make_batches(x, y, None, where="test")
    hub, trail = Hub(), Trail()
    hub.put(messages.start(model, training, **names))
    twin = Twin(model)
    moment = Moment(Position(0, 0, 7), 0.0, {}, values_of(variables_of(model)), 0)
    trail.add(7, messages.weights_of(model))
    return SimpleNamespace(
        training=training, probe=messages.draw(training), hub=hub, trail=trail, newest=lambda: (twin, moment), twin=twin
    )


@pytest.fixture
def stage_of():
    """A function from a model and its data to a stage."""
    return make_stage


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="warn"):
        yield
