"""What holds for all tests."""

from hypothesis import settings

# How long one example takes says more of the machine than of the code.
settings.register_profile("tidings", deadline=None)
settings.load_profile("tidings")
