"""What holds for all tests."""

import os

from hypothesis import settings

# Tests start processes while gRPC's threads run; its handlers around a fork crash the child. Read when it is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# How long one example takes says more of the machine than of the code.
settings.register_profile("tidings", deadline=None)
settings.load_profile("tidings")
