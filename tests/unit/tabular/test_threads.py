from chainrule.tabular import threads


def test_small_products_use_one_thread_and_the_number_comes_back(monkeypatch):
    log = [4]
    monkeypatch.setattr(threads, "_openblas", lambda: (lambda: log[-1], log.append))
    with threads.threads_for(parameters=1000, rows=32):
        assert log[-1] == 1
    assert log == [4, 1, 4]
    with threads.threads_for(parameters=10_000_000, rows=256):
        assert log == [4, 1, 4]


def test_another_blas_is_left_alone(monkeypatch):
    monkeypatch.setattr(threads, "_openblas", lambda: None)
    with threads.threads_for(1, 1):
        pass
