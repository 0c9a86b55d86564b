"""Freed memory is kept for the next step."""

import ctypes
import subprocess
import sys

import pytest

MAPPED = """
import ctypes
from core.memory import keep_freed_memory
class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]
c = ctypes.CDLL(None)
c.mallinfo2.restype, c.malloc.restype, c.malloc.argtypes = Info, ctypes.c_void_p, [ctypes.c_size_t]
def mapped():
    before = c.mallinfo2().hblks
    c.malloc(16 << 20)
    return c.mallinfo2().hblks - before
print(mapped())
keep_freed_memory()
print(mapped())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the C library is not glibc from 2.33 on")
def test_large_arrays_no_longer_come_straight_from_the_system():
    done = subprocess.run([sys.executable, "-c", MAPPED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"]
