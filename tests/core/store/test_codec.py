from dataclasses import fields, replace

import numpy as np
import pytest

from core.frames import SCALARS
from core.store import codec


def same(one, other) -> None:
    """Every field of two frames has the same bits, dtypes included; planes and weights aside."""
    for field in fields(one):
        if field.name not in ("planes", "weights"):
            np.testing.assert_equal(getattr(other, field.name), getattr(one, field.name), err_msg=field.name)
    assert other.grad_h.dtype == one.grad_h.dtype
    assert other.history["step"].dtype == np.int64


@pytest.mark.parametrize("carousel", [True, False])
def test_a_frame_comes_back_with_the_same_bits(make_frame, carousel: bool) -> None:
    frame = make_frame(5, 2, carousel=carousel)
    same(frame, codec.unpack_frame(codec.pack_history(frame), codec.pack_profile(frame)))


def test_a_file_of_an_earlier_version_reads_what_it_lacks_as_nan(make_frame, monkeypatch) -> None:
    frame = make_frame(5, 2)
    earlier = tuple(name for name in SCALARS if name != "clip_angle")
    with monkeypatch.context() as version:
        version.setattr(codec, "HISTORY", ("step", *earlier))
        version.setattr(codec, "NUMBERS", ("step", "score_step", *earlier))
        history, profile = codec.pack_history(frame), codec.pack_profile(frame)
    back = codec.unpack_frame(history, profile)
    assert np.isnan(back.clip_angle)
    assert np.isnan(back.history["clip_angle"]).all()
    nans = np.full(len(frame.history["step"]), np.nan)
    same(replace(frame, clip_angle=np.nan, history=frame.history | {"clip_angle": nans}), back)


def test_equal_profiles_are_kept_once(make_frame) -> None:
    with_c, without = make_frame(5), make_frame(5, carousel=False)
    assert len(codec.pack_profile(without)) < len(codec.pack_profile(with_c))


def test_planes_come_back_in_half_precision(make_frame) -> None:
    planes = make_frame(1, planes=True).planes
    back = codec.unpack_planes(codec.pack_planes(planes))
    assert set(back.gates) == set("ifgo")
    for name, gate in planes.gates.items():
        np.testing.assert_allclose(back.gates[name], gate, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(back.c, planes.c, rtol=1e-3, atol=1e-6)


def test_planes_beyond_half_precision_stay_exact(make_frame) -> None:
    planes = make_frame(1, planes=True, carousel=False).planes
    planes.h[0, 0, :] = 1e30, np.inf, np.nan
    back = codec.unpack_planes(codec.pack_planes(planes))
    np.testing.assert_array_equal(back.h, planes.h)
    assert back.c is None and back.gates == {}


def test_a_whole_frame_travels_in_one_blob(make_frame) -> None:
    frame = make_frame(0, planes=True, weights=True)
    back = codec.unpack_whole_frame(codec.pack_frame(frame))
    same(frame, back)
    assert back.planes is not None and back.weights is None
    assert codec.unpack_whole_frame(codec.pack_frame(make_frame(0))).planes is None
