"""Digests in one pass."""

import hashlib
import io
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgeops.digest import Digest, chunks_of, digest_file, digest_of


def test_a_digest_names_content_and_size(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"abc")
    assert digest_file(file) == Digest(
        sha256="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        md5="900150983cd24fb0d6963f7d28e17f72",
        size=3,
    )


@given(st.binary(max_size=1000), st.lists(st.integers(0, 1000)))
def test_how_a_stream_is_cut_makes_no_difference(content, cuts):
    bounds = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    chunks = [content[start:end] for start, end in pairwise(bounds)]
    digest = digest_of(chunks)
    assert digest.sha256 == hashlib.sha256(content).hexdigest()
    assert digest.md5 == hashlib.md5(content).hexdigest()
    assert digest.size == len(content)


@given(st.binary())
def test_md5_is_left_out_where_it_is_not_asked_for(content):
    assert digest_of([content], md5=False) == replace(digest_of([content]), md5="")


def test_a_file_is_read_piece_by_piece():
    class Endless(io.RawIOBase):
        def __init__(self):
            self.left = 5

        def read(self, count):
            assert count <= 1024 * 1024
            self.left -= 1
            return b"x" * count if self.left else b""

    assert digest_of(chunks_of(Endless())).size == 4 * 1024 * 1024
