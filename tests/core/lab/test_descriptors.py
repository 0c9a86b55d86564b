"""The bound on open files."""

import resource

from core.lab.descriptors import MOST, raise_descriptor_limit


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        most = raise_descriptor_limit()
        assert most == (MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)) > 256
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, hard)
        assert raise_descriptor_limit() == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
