"""NetCDF files: what their headers say, and what programs read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import netcdf_file
from support import sail_json, write_one
from test_data import header_of, load, trouble

from sailc.data import Options

WIND = np.arange(24, dtype="f4").reshape(4, 3, 2)


def netcdf(by_record: bool = False, version: int = 1) -> bytes:
    """A file with winds (the last of which is missing), a place, and a name."""
    content = io.BytesIO()
    with netcdf_file(content, "w", version=version) as file:
        file.history = "made for a test"
        file.createDimension("time", None if by_record else 4)
        file.createDimension("lat", 3)
        file.createDimension("lon", 2)
        wind = file.createVariable("wind", "f4", ("time", "lat", "lon"))
        wind.units, wind.missing_value = "m/s", np.float32(23)
        wind[:] = WIND
        lat = file.createVariable("lat", "i2", ("lat",))
        lat.units = "degrees_north"
        lat[:] = [-10, 0, 10]
        name = file.createVariable("name", "S1", ("lat",))
        name[:] = [b"a", b"b", b"c"]
        file.flush()
        return content.getvalue()


@pytest.fixture(params=[(False, 1), (True, 1), (False, 2)], ids=["plain", "by record", "64 bit"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "winds.cdf"
    path.write_bytes(netcdf(*request.param))
    return path


def test_a_header_tells_shape_type_and_unit(file: Path) -> None:
    found = header_of(file, Options(path="wind"))
    assert (found.format, found.shape, found.storage) == ("netcdf", (4, 3, 2), "f32")
    assert found.unit == "m/s"
    assert header_of(file, Options(path="lat")).storage == "i16"


def test_what_is_missing_is_nan(file: Path) -> None:
    expected = np.where(WIND == 23, np.float32(np.nan), WIND)
    found = load(file, Options(path="wind"))
    assert found.dtype == np.dtype("f4")
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(load(file, Options(path="lat")), [-10, 0, 10])


def test_a_name_that_says_nothing_is_told_by_the_first_bytes(file: Path) -> None:
    other = file.with_name("winds.nc")
    file.rename(other)
    assert header_of(other, Options(path="/wind")).shape == (4, 3, 2)


@pytest.mark.parametrize(
    ("content", "path", "said"),
    [
        (netcdf(), "rain", "`rain`"),
        (netcdf(), None, "holds 3 arrays"),
        (netcdf(), "name", "characters"),
        (netcdf()[:-200], "wind", "ends"),
        (netcdf()[:40], "wind", "it ends within its header"),
        (b"CDF\x05" + netcdf()[4:], "wind", "it is of none of the two classic formats"),
        (netcdf()[:8] + b"\0\0\0\x07" + netcdf()[12:], "wind", "its header is not in order"),
    ],
)
def test_what_is_wrong_is_told(content: bytes, path: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "winds.cdf"
    file.write_bytes(content)
    assert said in trouble(file, Options(path=path))


def test_like_tells_the_unit_that_a_file_spells_in_its_own_way(tmp_path: Path) -> None:
    spelt = netcdf().replace(b"m/s", b"M/S")
    program = """
        dataset d { file wind, "winds.cdf", path = "wind", like = Tensor[real<m/s>, 4, 3, 2] }
        problem P { test w in d.wind: predict w[0, 0] as mean(w) }
    """
    path = write_one(tmp_path, program)
    (tmp_path / "winds.cdf").write_bytes(spelt)
    assert sail_json("check", path, exit=0) == []
    (tmp_path / "winds.cdf").write_bytes(netcdf().replace(b"m/s", b"m  "))
    found: Any = sail_json("check", path, exit=1)
    assert [d["code"] for d in found] == ["E0517"]
