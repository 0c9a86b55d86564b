"""Freed memory is kept for the next step, and given back at the end."""

import ctypes
import subprocess
import sys

import pytest

MAPPED = """
import ctypes
from core.training.freed_memory import give_back_freed_memory, keep_freed_memory
class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]
c = ctypes.CDLL(None)
c.mallinfo2.restype, c.malloc.restype, c.malloc.argtypes = Info, ctypes.c_void_p, [ctypes.c_size_t]
def mapped():
    before = c.mallinfo2().hblks
    c.malloc(64 << 20)
    return c.mallinfo2().hblks - before
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20
print(mapped())
keep_freed_memory()
print(mapped())
start = resident()
c.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
c.free.argtypes = [ctypes.c_void_p]
block = c.malloc(200 << 20)
c.memset(block, 1, 200 << 20)
c.free(block)
print(resident() - start > 190)
give_back_freed_memory()
print(resident() - start < 10)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the C library is not glibc from 2.33 on")
def test_large_arrays_no_longer_come_straight_from_the_system():
    done = subprocess.run([sys.executable, "-c", MAPPED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0", "True", "True"]
