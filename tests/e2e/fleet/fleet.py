"""A whole fleet of real processes for a test: Redis, a database, account services, routers and storage nodes."""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import psutil
from redis import Redis

from backplane.interface import NodeMap
from backplane.redis import RedisBackplane
from tests.e2e.fleet.postgres import PostgresServer
from tests.e2e.fleet.process import READY_SECONDS, Member, Tier
from tests.e2e.service import free_port, until
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client
from tests.redis_server import AppendFsync, RedisServer
