"""Which files an ONNX model needs beside itself, as its own package writes it."""

import pytest

from edgeops.publishing.onnx_weights import weights_of

onnx = pytest.importorskip("onnx")
numpy = pytest.importorskip("numpy")


def tensor(name):
    return onnx.numpy_helper.from_array(numpy.arange(600, dtype=numpy.float32), name)


def model(*tensors, below=()):
    """A model with these weights; `below` are constants within a branch of `If`."""
    branch = onnx.helper.make_graph(
        [onnx.helper.make_node("Constant", [], ["c"], value=each) for each in below], "b", [], []
    )
    nodes = [onnx.helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)]
    graph = onnx.helper.make_graph(nodes if below else [], "g", [], [], list(tensors))
    return onnx.helper.make_model(graph)


def test_a_model_with_all_its_weights(tmp_path):
    onnx.save(model(tensor("w")), tmp_path / "m.onnx")
    assert weights_of(tmp_path / "m.onnx") == frozenset()


def test_weights_in_one_file_and_in_many(tmp_path):
    made = model(tensor("w"), tensor("v"))
    onnx.save(made, tmp_path / "m.onnx", save_as_external_data=True, location="m.onnx.data")
    assert weights_of(tmp_path / "m.onnx") == {"m.onnx.data"}
    made = model(tensor("w"), tensor("v"))
    path = tmp_path / "n.onnx"
    onnx.save(made, path, save_as_external_data=True, all_tensors_to_one_file=False)
    assert weights_of(path) == {"w", "v"}


def test_weights_of_a_branch(tmp_path):
    made = model(below=[tensor("deep")])
    onnx.external_data_helper.set_external_data(
        made.graph.node[0].attribute[0].g.node[0].attribute[0].t, "deep.bin"
    )
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    assert weights_of(tmp_path / "m.onnx") == {"deep.bin"}


@pytest.mark.parametrize(
    "data", [b"", b"\x3a\xff\xff\x01", b"\x3a\x80" + b"\x80" * 20, b"\xff" * 99]
)
def test_what_is_not_onnx(tmp_path, data):
    (tmp_path / "m.onnx").write_bytes(data)
    assert weights_of(tmp_path / "m.onnx") == frozenset()


def test_graphs_within_graphs_end(tmp_path):
    def field(number, content):
        return onnx_bytes(number << 3 | 2) + onnx_bytes(len(content)) + content

    def onnx_bytes(value):
        out = b""
        while value >= 0x80:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    graph = b""
    for _ in range(2000):
        graph = field(1, field(5, field(6, graph)))
    (tmp_path / "m.onnx").write_bytes(field(7, graph))
    assert weights_of(tmp_path / "m.onnx") == frozenset()
